"""Stored messages: references only, never an address or a text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import uuid4

from mongoengine import DateTimeField, StringField
from pymongo import DESCENDING, ReturnDocument
from pymongo.collection import Collection

from ngao.chassis.storage.documents import Stored, count_and_first
from ngao.chassis.storage.held import INTERNAL, internal
from ngao.chassis.storage.lookups import Record
from ngao.chassis.storage.repository import Repository
from services.notify.messages.model import Message, State
from services.notify.roster.model import Recipient

MOST_SHOWN = 500
"""The most messages that one query reads, of a list or of a case: the newest."""
_BOTH = (True, False)
"""Indexes begin with urgency: a query that does not name it would walk through all of them."""


class MessageDocument(
    Stored,
    of=Message,
    but=("recipient", "next_attempt"),
    held=internal(
        "cause case_ref template channel urgent policy_version created_at state reason attempts lease ladder position "
        "escalate_at acknowledged_by urgency about gravity event covered_by held_since asked notes"
    ),
):
    """One message and its state. `due` holds `next_attempt`: unset when the message is not to be sent."""

    recipient_kind = StringField(required=True, **INTERNAL)
    recipient_ref = StringField(required=True, **INTERNAL)
    reference = StringField(required=True, **INTERNAL)
    due = DateTimeField(**INTERNAL)

    meta: ClassVar[dict[str, Any]] = {
        "db_alias": "notify",
        "collection": "messages",
        "indexes": [
            {"fields": ["-urgent", "due"], "partialFilterExpression": {"due": {"$exists": True}}},
            {"fields": ["-urgent", "escalate_at"], "partialFilterExpression": {"escalate_at": {"$exists": True}}},
            ["cause"],
            ["case_ref", "-created_at"],
            ["state", "-created_at"],
            ["reference"],
            ["-created_at"],
        ],
    }


class MessageRepository(Repository[Message]):
    """The messages."""

    document = MessageDocument

    def alarms_of(self, case_ref: str) -> Sequence[Message]:
        """Return the newest messages of a case that are on a ladder, the oldest of them first."""
        newest = MessageDocument.objects(case_ref=case_ref, ladder__exists=True).order_by("-created_at").limit(MOST_SHOWN)
        return list(reversed(self._all(newest)))

    def on_ladders_of(self, case_refs: Sequence[str], limit: int) -> Sequence[Message]:
        """Return the messages of these cases that are on a ladder, urgent ones first, and of these the newest."""
        found = MessageDocument.objects(case_ref__in=list(case_refs), ladder__exists=True).order_by("-urgent", "-created_at")
        return self._all(found.limit(limit))

    def overdue(self, now: datetime, furthest: timedelta, limit: int) -> Sequence[str]:
        """Return the ids of messages that were not acknowledged in time, urgent ones first."""
        found = MessageDocument.objects(__raw__=_is_over("escalate_at", now, furthest))
        found = found.order_by("-urgent", "escalate_at").only("id").limit(limit)
        return [record["_id"] for record in found.as_pymongo()]

    def listed(self, *, limit: int, **wanted: str) -> Sequence[Message]:
        """Return the newest messages with these values of `case_ref`, `state` or `reference`."""
        return self._all(MessageDocument.objects(**wanted).order_by("-created_at").limit(min(limit, MOST_SHOWN)))

    def unsent(self) -> tuple[int, datetime | None]:
        """Return how many messages wait to be sent, and when the oldest was created; but for those that wait for an address."""
        return count_and_first(MessageDocument.objects(due__exists=True, asked__exists=False), "created_at")

    def not_escalated(self, now: datetime) -> tuple[int, datetime | None]:
        """Return how many unacknowledged messages were not escalated in time, and when the first should have been."""
        return count_and_first(MessageDocument.objects(urgent__in=list(_BOTH), escalate_at__lte=now), "escalate_at")

    def _read(self, record: Record) -> Message:
        return message_of(record)

    def _record(self, entity: Message) -> Record:
        recipient = {"recipient_kind": entity.recipient.kind, "recipient_ref": entity.recipient.ref}
        return super()._record(entity) | recipient | {"reference": entity.reference, "due": entity.next_attempt}


class DueMessages:
    """Due messages, each for one sender at a time. It works outside any unit, so that all senders see a lease immediately."""

    def __init__(self, collection: Collection[dict[str, Any]], furthest: timedelta) -> None:
        self._messages = collection
        self._furthest = furthest

    def lease_next(self, now: datetime, lease: timedelta, *, urgent_only: bool, oldest_first: bool = False) -> Message | None:
        """Lease the most urgent due message. One that is still `sending` is due when its sender's lease has expired."""
        wanted = _is_over("due", now, self._furthest, urgent=[True] if urgent_only else _BOTH)
        leased = self._messages.find_one_and_update(
            wanted,
            {
                "$set": {"state": str(State.SENDING), "lease": uuid4().hex, "due": now + lease},
                "$inc": {"attempts": 1, "revision": 1},
            },
            sort=[("due", 1)] if oldest_first else [("urgent", DESCENDING), ("due", 1)],
            return_document=ReturnDocument.AFTER,
        )
        return message_of(leased) if leased else None


def message_of(record: Record) -> Message:
    """Return the message of a record as the driver returns it."""
    recipient = Recipient(record["recipient_kind"], record["recipient_ref"])
    message: Message = MessageDocument.entity_of(record, recipient=recipient, next_attempt=record.get("due"))
    return message


def _is_over(name: str, now: datetime, furthest: timedelta, urgent: Sequence[bool] = _BOTH) -> dict[str, Any]:
    """Return the filter of expired waits. A wait that ends too late was set by a clock that ran ahead, and has expired, too."""
    lane = {"urgent": {"$in": list(urgent)}}
    return {"$or": [{**lane, name: {"$lte": now}}, {**lane, name: {"$gt": now + furthest}}]}
