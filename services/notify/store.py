"""Where the use cases' ports meet the database; one set for each unit of work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from pymongo import DESCENDING, ReturnDocument
from pymongo.collection import Collection

from ngao.chassis.storage.unit_of_work import Unit
from services.notify.documents import AlarmDocument, MessageDocument, RosterDocument
from services.notify.ladders.model import Alarm, AlarmState
from services.notify.messages.model import Message, State
from services.notify.records import (
    alarm_from_record,
    alarm_to_record,
    message_from_record,
    message_to_document,
    summary_from_record,
    summary_to_record,
)
from services.notify.roster.model import Contact, ContactSummary, Recipient

_MOST_SHOWN = 500
_BOTH = (True, False)
"""Indexes begin with urgency: a query that does not name it would walk through all of them."""


class MessageRepository:
    """The messages."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def find(self, message_id: str) -> Message | None:
        """One message."""
        return next(iter(_messages(MessageDocument.objects(id=message_id))), None)

    def add(self, message: Message) -> None:
        """Keep a new message."""
        self._unit.put(message_to_document(message))

    def save(self, message: Message) -> None:
        """Keep a changed message."""
        self._unit.put(message_to_document(message))

    def alarms_of(self, case_ref: str) -> Sequence[Message]:
        """The messages of a case that are on a ladder, oldest first."""
        newest = MessageDocument.objects(case_ref=case_ref, ladder__exists=True).order_by("-created_at").limit(_MOST_SHOWN)
        return list(reversed(_messages(newest)))

    def overdue(self, now: datetime, furthest: timedelta, limit: int) -> Sequence[str]:
        """The ids of messages that were not acknowledged in time, urgent ones first."""
        found = MessageDocument.objects(__raw__=_is_over("escalate_at", now, furthest))
        found = found.order_by("-urgent", "escalate_at").only("id").limit(limit)
        return [record["_id"] for record in found.as_pymongo()]

    def listed(self, *, limit: int, **wanted: str) -> Sequence[Message]:
        """The newest messages with these values of `case_ref`, `state` or `reference`."""
        found = MessageDocument.objects(**wanted).order_by("-created_at").limit(min(limit, _MOST_SHOWN))
        return _messages(found)


    def unsent(self) -> tuple[int, datetime | None]:
        """How many messages are on their way out, and since when the oldest is."""
        waiting = MessageDocument.objects(due__exists=True)
        first = waiting.order_by("created_at").only("created_at").first()
        return waiting.count(), first.created_at if first else None

    def unanswered(self, now: datetime) -> tuple[int, datetime | None]:
        """How many were not acknowledged in time and have not been escalated, and since when the oldest should have been."""
        late = MessageDocument.objects(urgent__in=list(_BOTH), escalate_at__lte=now)
        first = late.order_by("escalate_at").only("escalate_at").first()
        return late.count(), first.escalate_at if first else None


class ClaimQueue:
    """Due messages, each for one sender at a time; outside any unit, because it must be seen by all at once."""

    def __init__(self, collection: Collection[dict[str, Any]], furthest: timedelta) -> None:
        self._messages = collection
        self._furthest = furthest

    def claim(self, now: datetime, lease: timedelta, *, urgent_only: bool, oldest_first: bool = False) -> Message | None:
        """Take the most urgent due message. One that is still `sending` is due when its sender's lease is over."""
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


class AlarmRepository:
    """How the alarms of the cases stand."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def find(self, case_ref: str) -> Alarm | None:
        """The record of one case."""
        found = self._unit.lookups.by("alarms").one(case_ref)
        return alarm_from_record(found) if found else None

    def put(self, alarm: Alarm) -> None:
        """Keep it; a second writer conflicts."""
        self._unit.keep("alarms", alarm_to_record(alarm), alarm.revision)

    def unheard(self, limit: int) -> Sequence[str]:
        """The cases whose alarm reached nobody, the newest first."""
        found = AlarmDocument.objects(state=AlarmState.UNHEARD).order_by("-since").only("id").limit(limit)
        return [record["_id"] for record in found.as_pymongo()]

    def count_unheard(self) -> int:
        """How many these are."""
        return int(AlarmDocument.objects(state=AlarmState.UNHEARD).count())


class RosterRepository:
    """Duty officers and partner contacts; addresses are sealed under a data key of each entry."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def contact(self, recipient: Recipient) -> Contact | None:
        """A recipient's entry without the address."""
        found = _entry(recipient)
        return Contact(recipient, found.channel, found.language) if found else None

    def address(self, recipient: Recipient) -> str | None:
        """A recipient's address, opened."""
        found = _entry(recipient)
        return self._unit.sealer.open(*_place(found.id), found.address).decode() if found else None

    def put(self, contact: Contact, address: str) -> None:
        """Keep an entry, sealing its address; one that was taken off is on again."""
        recipient = contact.recipient
        document = _stored(recipient) or RosterDocument(id=str(recipient), kind=recipient.kind, ref=recipient.ref)
        document.channel, document.language, document.removed_at = contact.channel, contact.language, None
        document.address = self._unit.sealer.seal(*_place(document.id), address.encode())
        self._unit.put(document)

    def listed(self) -> Sequence[tuple[Contact, str]]:
        """Every entry with its opened address."""
        found = list(RosterDocument.objects(removed_at=None).order_by("id"))
        self._unit.sealer.prefetch(_place(each.id)[0] for each in found)
        return [(_contact(each), self._unit.sealer.open(*_place(each.id), each.address).decode()) for each in found]

    def remove(self, recipient: Recipient, now: datetime) -> bool:
        """Note that somebody is taken off; False when they are not on it."""
        found = _entry(recipient)
        if found:
            found.removed_at = now
            self._unit.put(found)
        return found is not None

    def removed(self, before: datetime, limit: int) -> Sequence[Recipient]:
        """Who was taken off before this."""
        found = RosterDocument.objects(removed_at__lte=before).limit(limit)
        return [Recipient(each.kind, each.ref) for each in found]

    def overdue(self, before: datetime) -> tuple[int, datetime | None]:
        """How many were taken off before this and are still kept, and since when the first of them is off."""
        found = RosterDocument.objects(removed_at__lte=before).order_by("removed_at")
        first = found.first()
        return found.count(), first.removed_at if first else None

    def destroy(self, recipient: Recipient) -> Recipient:
        """Register the end of an entry and of the key that opens its address."""
        found = _stored(recipient)
        if found:
            self._unit.remove(found)
            self._unit.shred(_place(found.id)[0])
        return recipient


class ContactSummaryRepository:
    """What the registry said about contacting each case's defender."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def find(self, case_ref: str) -> ContactSummary | None:
        """The summary of one case."""
        found = self._unit.lookups.by("contact_summaries").one(case_ref)
        return summary_from_record(found) if found else None

    def put(self, summary: ContactSummary) -> None:
        """Keep a summary."""
        self._unit.keep("contact_summaries", summary_to_record(summary), summary.revision)


def _is_over(name: str, now: datetime, furthest: timedelta, urgent: Sequence[bool] = _BOTH) -> dict[str, Any]:
    """A wait that is over; one that ends later than any may was set by a clock that ran ahead, and would hold for days."""
    lane = {"urgent": {"$in": list(urgent)}}
    return {"$or": [{**lane, name: {"$lte": now}}, {**lane, name: {"$gt": now + furthest}}]}


def _messages(found: Any) -> list[Message]:
    return [message_from_record(record) for record in found.as_pymongo()]


def _entry(recipient: Recipient) -> RosterDocument | None:
    """Who is on the roster now."""
    found = _stored(recipient)
    return found if found and found.removed_at is None else None


def _stored(recipient: Recipient) -> RosterDocument | None:
    found: RosterDocument | None = RosterDocument.objects(id=str(recipient)).first()
    return found


def _contact(entry: RosterDocument) -> Contact:
    return Contact(Recipient(entry.kind, entry.ref), entry.channel, entry.language)


def _place(entry_id: str) -> tuple[str, str, str, str]:
    return f"roster:{entry_id}", "roster", entry_id, "address"
