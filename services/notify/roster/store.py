"""The stored roster. Addresses are sealed."""

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
    """What the registry statement about contacting a case's defender; the id is the case reference."""

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
        """Return a recipient's entry without the address."""
        found = _entry(recipient)
        return Contact(recipient, found.channel, found.language) if found else None

    def address(self, recipient: Recipient) -> str | None:
        """Return a recipient's address, decrypted."""
        found = _entry(recipient)
        return self._unit.sealer.open(*_place(found.id), found.address).decode() if found else None

    def put(self, contact: Contact, address: str) -> None:
        """Store an entry and seal its address. A person who was removed is on the roster again."""
        recipient = contact.recipient
        document = _stored(recipient) or RosterDocument(id=str(recipient), kind=recipient.kind, ref=recipient.ref)
        document.channel, document.language, document.removed_at = contact.channel, contact.language, None
        document.address = self._unit.sealer.seal(*_place(document.id), address.encode())
        self._unit.put(document)

    def listed(self) -> Sequence[tuple[Contact, str]]:
        """Return every entry with its decrypted address."""
        found = list(RosterDocument.objects(removed_at=None).order_by("id"))
        self._unit.sealer.prefetch(_place(record.id)[0] for record in found)
        return [(_contact(record), self._unit.sealer.open(*_place(record.id), record.address).decode()) for record in found]

    def remove(self, recipient: Recipient, now: datetime) -> bool:
        """Mark a person as removed. Returns False when they are not on the roster."""
        found = _entry(recipient)
        if found:
            found.removed_at = now
            self._unit.put(found)
        return found is not None

    def removed(self, before: datetime, limit: int) -> Sequence[Recipient]:
        """Return who was removed before this time."""
        found = RosterDocument.objects(removed_at__lte=before).limit(limit)
        return [Recipient(record.kind, record.ref) for record in found]

    def overdue(self, before: datetime) -> tuple[int, datetime | None]:
        """Return how many were removed before this time and are still stored, and when the first of them was."""
        found = RosterDocument.objects(removed_at__lte=before).order_by("removed_at")
        first = found.first()
        return found.count(), first.removed_at if first else None

    def destroy(self, recipient: Recipient) -> Recipient:
        """Delete an entry and the key that opens its address."""
        found = _stored(recipient)
        if found:
            self._unit.remove(found)
            self._unit.shred(_place(found.id)[0])
        return recipient


class ContactSummaryRepository:
    """The registry's statements about contacting each case's defender."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def find(self, case_ref: str) -> ContactSummary | None:
        """Return the summary of one case."""
        found = self._unit.lookups.by("contact_summaries").one(case_ref)
        return summary_from_record(found) if found else None

    def put(self, summary: ContactSummary) -> None:
        """Store a summary."""
        self._unit.keep("contact_summaries", summary_to_record(summary), summary.revision)


def summary_to_record(summary: ContactSummary) -> dict[str, Any]:
    """Return the document of a summary."""
    return {"_id": summary.case_ref, **to_record(summary, "case_ref", "revision")}


def summary_from_record(record: dict[str, Any]) -> ContactSummary:
    """Return the summary of a document."""
    return from_record(ContactSummary, record, case_ref=record["_id"])


def _entry(recipient: Recipient) -> RosterDocument | None:
    """Return the filter of people who are on the roster now."""
    found = _stored(recipient)
    return found if found and found.removed_at is None else None


def _stored(recipient: Recipient) -> RosterDocument | None:
    found: RosterDocument | None = RosterDocument.objects(id=str(recipient)).first()
    return found


def _contact(entry: RosterDocument) -> Contact:
    return Contact(Recipient(entry.kind, entry.ref), entry.channel, entry.language)


def _place(entry_id: str) -> tuple[str, str, str, str]:
    return f"roster:{entry_id}", "roster", entry_id, "address"
