"""What every stored record has: an id of ours and the revision that guards it against lost updates."""

from __future__ import annotations

from typing import Any, ClassVar

from mongoengine import Document, IntField, StringField
from mongoengine.queryset import QuerySet

from ngao.chassis.storage.held import INTERNAL


class Query(QuerySet):
    """mongoengine's query with a lighter `first`: theirs clones query and cursor, which costs more than the answer."""

    def first(self) -> Any:
        """Return the first record, or None; the server sends one and closes the cursor."""
        return next(self.limit(-1), None)


class Stored(Document):
    """The base of every service's documents.

    `revision` is 0 until it is stored and counts up with each change; a change is written only over the revision
    that was read (optimistic concurrency), so two who read the same state cannot both win. Each field says what it holds
    (`held`).
    """

    id = StringField(primary_key=True, **INTERNAL)
    revision = IntField(required=True, default=0, **INTERNAL)

    meta: ClassVar[dict[str, Any]] = {"abstract": True, "auto_create_index": False, "queryset_class": Query, "strict": False}

    @classmethod
    def collection_name(cls) -> str:
        """Return the collection it is stored in."""
        return str(cls._get_collection_name())
