"""Stored boxes, each for one message, until it is sent or a few minutes have passed."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from pymongo.collection import Collection

from ngao.chassis.storage.documents import Stored
from ngao.chassis.storage.held import HANDED_RULE, internal, sealed
from ngao.chassis.storage.repository import Repository
from services.notify.handed.model import Handed


class HandedDocument(
    Stored,
    of=Handed,
    key="message_id",
    held={**internal("ask_id case_ref channel key_id until"), "box": sealed(HANDED_RULE)},
):
    """One box; the id is its message's."""

    meta: ClassVar[dict[str, Any]] = {"db_alias": "notify", "collection": "handed", "indexes": ["until"]}


class HandedRepository(Repository[Handed]):
    """The boxes that wait for their messages to be sent."""

    document = HandedDocument


class UsedOnce:
    """Takes boxes out of the store, outside of any unit: of two senders one gets it, and none a second time."""

    def __init__(self, collection: Collection[dict[str, Any]]) -> None:
        self._collection = collection

    def take(self, message_id: str, now: datetime) -> Handed | None:
        """Return the box of a message and delete it. One whose time has passed is deleted, too, and not returned."""
        found = self._collection.find_one_and_delete({"_id": message_id})
        if found is None or found["until"] <= now:
            return None
        handed: Handed = HandedDocument.entity_of(found)
        return handed

    def purge(self, now: datetime) -> int:
        """Delete boxes whose time has passed. Returns how many."""
        return self._collection.delete_many({"until": {"$lte": now}}).deleted_count
