"""Who can be told, as it is stored; addresses are sealed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from mongoengine import BinaryField, BooleanField, DateTimeField, IntField, ListField, StringField

from ngao.chassis.storage.documents import Stored
from ngao.chassis.storage.held import INTERNAL, sealed
from ngao.chassis.storage.unit_of_work import Unit
from ngao.kernel.records import from_record, to_record
from services.notify.roster.model import Contact, ContactSummary, Recipient


class RosterDocument(Stored):
    """A duty officer or a partner's contact; the id is `<kind>:<ref>`."""

    kind = StringField(required=True, **INTERNAL)
    ref = StringField(required=True, **INTERNAL)
    channel = StringField(required=True, **INTERNAL)
    language = StringField(required=True, **INTERNAL)
    address = BinaryField(required=True, **sealed("roster"))
    removed_at = DateTimeField(**INTERNAL)

    meta: ClassVar[dict[str, Any]] = {"db_alias": "notify", "collection": "roster"}


class ContactSummaryDocument(Stored):
    """What the registry said about contacting a case's defender; the id is the case reference."""

    defender_ref = StringField(**INTERNAL)
    may_contact = BooleanField(required=True, **INTERNAL)
    channels = ListField(StringField(), **INTERNAL)
    sequence = IntField(required=True, **INTERNAL)

    meta: ClassVar[dict[str, Any]] = {"db_alias": "notify", "collection": "contact_summaries"}


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


def summary_to_record(summary: ContactSummary) -> dict[str, Any]:
    """A record of what the registry said."""
    return {"_id": summary.case_ref, **to_record(summary, "case_ref", "revision")}


def summary_from_record(record: dict[str, Any]) -> ContactSummary:
    """What the registry said, from its record."""
    return from_record(ContactSummary, record, case_ref=record["_id"])


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
