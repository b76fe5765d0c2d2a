"""Stored messages: references only, never an address or a text."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import uuid4

from mongoengine import BooleanField, DateTimeField, DictField, IntField, ListField, StringField
from pymongo import DESCENDING, ReturnDocument
from pymongo.collection import Collection

from ngao.chassis.storage.documents import Stored
from ngao.chassis.storage.held import INTERNAL
from ngao.chassis.storage.unit_of_work import Unit
from ngao.kernel.records import from_record, to_record
from services.notify.messages.model import Message, State
from services.notify.roster.model import Recipient

_MOST_SHOWN = 500
_BOTH = (True, False)
"""Indexes begin with urgency: a query that does not name it would walk through all of them."""


class MessageDocument(Stored):
    """One message and its state. `due` holds `next_attempt`: unset when the message is not to be sent."""

    cause = StringField(required=True, **INTERNAL)
    case_ref = StringField(required=True, **INTERNAL)
    recipient_kind = StringField(required=True, **INTERNAL)
    recipient_ref = StringField(required=True, **INTERNAL)
    reference = StringField(required=True, **INTERNAL)
    template = StringField(required=True, **INTERNAL)
    channel = StringField(required=True, **INTERNAL)
    urgent = BooleanField(required=True, **INTERNAL)
    policy_version = StringField(required=True, **INTERNAL)
    created_at = DateTimeField(required=True, **INTERNAL)
    state = StringField(required=True, **INTERNAL)
    reason = StringField(**INTERNAL)
    attempts = IntField(default=0, **INTERNAL)
    due = DateTimeField(**INTERNAL)
    lease = StringField(**INTERNAL)
    ladder = StringField(**INTERNAL)
    position = IntField(default=0, **INTERNAL)
    escalate_at = DateTimeField(**INTERNAL)
    acknowledged_by = StringField(**INTERNAL)
    urgency = StringField(default="", **INTERNAL)
    about = StringField(default="", **INTERNAL)
    gravity = IntField(default=0, **INTERNAL)
    event = StringField(default="", **INTERNAL)
    covered_by = StringField(**INTERNAL)
    held_since = DateTimeField(**INTERNAL)
    notes = ListField(DictField(), **INTERNAL)

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


class MessageRepository:
    """The messages."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def find(self, message_id: str) -> Message | None:
        """Return one message, or None."""
        return next(iter(_messages(MessageDocument.objects(id=message_id))), None)

    def add(self, message: Message) -> None:
        """Store a new message."""
        self._unit.put(message_to_document(message))

    def save(self, message: Message) -> None:
        """Store a changed message."""
        self._unit.put(message_to_document(message))

    def alarms_of(self, case_ref: str) -> Sequence[Message]:
        """Return the messages of a case that are on a ladder, oldest first."""
        newest = MessageDocument.objects(case_ref=case_ref, ladder__exists=True).order_by("-created_at").limit(_MOST_SHOWN)
        return list(reversed(_messages(newest)))

    def overdue(self, now: datetime, furthest: timedelta, limit: int) -> Sequence[str]:
        """Return the ids of messages that were not acknowledged in time, urgent ones first."""
        found = MessageDocument.objects(__raw__=_is_over("escalate_at", now, furthest))
        found = found.order_by("-urgent", "escalate_at").only("id").limit(limit)
        return [record["_id"] for record in found.as_pymongo()]

    def listed(self, *, limit: int, **wanted: str) -> Sequence[Message]:
        """Return the newest messages with these values of `case_ref`, `state` or `reference`."""
        found = MessageDocument.objects(**wanted).order_by("-created_at").limit(min(limit, _MOST_SHOWN))
        return _messages(found)

    def unsent(self) -> tuple[int, datetime | None]:
        """Return how many messages wait to be sent, and when the oldest was created."""
        waiting = MessageDocument.objects(due__exists=True)
        first = waiting.order_by("created_at").only("created_at").first()
        return waiting.count(), first.created_at if first else None

    def unanswered(self, now: datetime) -> tuple[int, datetime | None]:
        """Return how many unacknowledged messages were not escalated in time, and when the first should have been."""
        late = MessageDocument.objects(urgent__in=list(_BOTH), escalate_at__lte=now)
        first = late.order_by("escalate_at").only("escalate_at").first()
        return late.count(), first.escalate_at if first else None


class ClaimQueue:
    """Due messages, each for one sender at a time. It works outside any unit, so that all senders see a claim immediately."""

    def __init__(self, collection: Collection[dict[str, Any]], furthest: timedelta) -> None:
        self._messages = collection
        self._furthest = furthest

    def claim(self, now: datetime, lease: timedelta, *, urgent_only: bool, oldest_first: bool = False) -> Message | None:
        """Claim the most urgent due message. One that is still `sending` is due when its sender's lease has expired."""
        wanted = _is_over("due", now, self._furthest, urgent=[True] if urgent_only else _BOTH)
        taken = self._messages.find_one_and_update(
            wanted,
            {
                "$set": {"state": str(State.SENDING), "lease": uuid4().hex, "due": now + lease},
                "$inc": {"attempts": 1, "revision": 1},
            },
            sort=[("due", 1)] if oldest_first else [("urgent", DESCENDING), ("due", 1)],
            return_document=ReturnDocument.AFTER,
        )
        return message_from_record(taken) if taken else None


def message_to_document(message: Message) -> MessageDocument:
    """Return the document of this message, with the revision it was read with."""
    return MessageDocument(
        recipient_kind=message.recipient.kind,
        recipient_ref=message.recipient.ref,
        reference=message.reference,
        due=message.next_attempt,
        **to_record(message, "recipient", "next_attempt"),
    )


def message_from_record(record: dict[str, Any]) -> Message:
    """Return the message of a record as the driver returns it."""
    recipient = Recipient(record["recipient_kind"], record["recipient_ref"])
    return from_record(Message, record, id=record["_id"], recipient=recipient, next_attempt=record.get("due"))


def _is_over(name: str, now: datetime, furthest: timedelta, urgent: Sequence[bool] = _BOTH) -> dict[str, Any]:
    """Return the filter of expired waits. A wait that ends too late was set by a clock that ran ahead, and has expired, too."""
    lane = {"urgent": {"$in": list(urgent)}}
    return {"$or": [{**lane, name: {"$lte": now}}, {**lane, name: {"$gt": now + furthest}}]}


def _messages(found: Any) -> list[Message]:
    return [message_from_record(record) for record in found.as_pymongo()]
