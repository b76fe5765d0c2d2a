"""The stored roster. Addresses are sealed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

from mongoengine import BinaryField, DateTimeField, StringField

from ngao.chassis.storage.documents import Stored, count_and_first
from ngao.chassis.storage.held import INTERNAL, internal, sealed
from ngao.chassis.storage.lookups import Record
from ngao.chassis.storage.repository import Repository
from ngao.chassis.storage.unit_of_work import Unit
from services.notify.roster.model import Contact, ContactSummary, Recipient

_ROSTER = "roster"


class RosterDocument(Stored):
    """A duty officer or a partner's contact; the id is `<kind>:<ref>`.

    `joined_at` is set until the person has been asked about each alarm that had ended without an acknowledgement.
    """

    kind = StringField(required=True, **INTERNAL)
    ref = StringField(required=True, **INTERNAL)
    channel = StringField(required=True, **INTERNAL)
    language = StringField(required=True, **INTERNAL)
    address = BinaryField(required=True, **sealed("roster"))
    joined_at = DateTimeField(**INTERNAL)
    removed_at = DateTimeField(**INTERNAL)

    meta: ClassVar[dict[str, Any]] = {"db_alias": "notify", "collection": _ROSTER}


class ContactSummaryDocument(
    Stored, of=ContactSummary, key="case_ref", held=internal("defender_ref may_contact channels sequence")
):
    """What the registry publishes about contacting a case's defender; the id is the case reference."""

    meta: ClassVar[dict[str, Any]] = {"db_alias": "notify", "collection": "contact_summaries"}


class RosterRepository:
    """Duty officers and partner contacts; addresses are sealed under a data key of each entry."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def contact(self, recipient: Recipient) -> Contact | None:
        """Return a recipient's entry without the address."""
        found = _entry(recipient)
        return _contact(found) if found else None

    def with_address(self, recipient: Recipient) -> tuple[Contact, str] | None:
        """Return a recipient's entry and its address, decrypted."""
        found = _entry(recipient)
        return (_contact(found), self._address(found)) if found else None

    def put(self, contact: Contact, address: str, joined_at: datetime | None = None) -> None:
        """Store an entry and seal its address. A person who was removed is on the roster again.

        `joined_at` marks a person who is to be asked about the alarms that ended before.
        """
        recipient = contact.recipient
        record = {"_id": str(recipient), **vars(recipient), "channel": contact.channel, "language": contact.language}
        known = _stored(recipient)
        sealed_address = self._unit.sealer.seal(*_place(record["_id"]), address.encode())
        joined = {"address": sealed_address, "joined_at": joined_at}
        self._unit.keep(_ROSTER, record | joined, known["revision"] if known else 0)

    def joined(self) -> Mapping[Recipient, datetime]:
        """Return who is still to be asked about the alarms that ended before they joined, and when they did."""
        found = RosterDocument.objects(joined_at__exists=True, removed_at=None).as_pymongo()
        return {Recipient(record["kind"], record["ref"]): record["joined_at"] for record in found}

    def was_asked(self, recipient: Recipient, joined_at: datetime) -> None:
        """Remove the mark of a person who joined at that time. Who has joined again since keeps it."""
        found = _entry(recipient)
        if found and found.get("joined_at") == joined_at:
            self._unit.keep(_ROSTER, {**found, "joined_at": None}, found["revision"])

    def listed(self) -> Sequence[tuple[Contact, str]]:
        """Return every entry with its decrypted address."""
        found = list(RosterDocument.objects(removed_at=None).order_by("id").as_pymongo())
        self._unit.sealer.prefetch(_place(record["_id"])[0] for record in found)
        return [(_contact(record), self._address(record)) for record in found]

    def remove(self, recipient: Recipient, now: datetime) -> bool:
        """Mark a person as removed. Returns False when they are not on the roster."""
        found = _entry(recipient)
        if found:
            self._unit.keep(_ROSTER, {**found, "removed_at": now}, found["revision"])
        return found is not None

    def removed(self, before: datetime, limit: int) -> Sequence[Recipient]:
        """Return who was removed before this time."""
        found = RosterDocument.objects(removed_at__lte=before).limit(limit)
        return [Recipient(record["kind"], record["ref"]) for record in found.as_pymongo()]

    def overdue(self, before: datetime) -> tuple[int, datetime | None]:
        """Return how many were removed before this time and are still stored, and when the first of them was."""
        return count_and_first(RosterDocument.objects(removed_at__lte=before), "removed_at")

    def destroy(self, recipient: Recipient) -> bool:
        """Delete the entry of a person who was removed, and the key that opens its address. One who was put back stays.

        Returns False if nothing was deleted.
        """
        found = _stored(recipient)
        if found is None or found.get("removed_at") is None:
            return False
        self._unit.drop(_ROSTER, found["_id"], found["revision"])
        self._unit.destroy_key(_place(found["_id"])[0])
        return True

    def _address(self, entry: Record) -> str:
        return self._unit.sealer.open(*_place(entry["_id"]), entry["address"]).decode()


class ContactSummaryRepository(Repository[ContactSummary]):
    """What the registry publishes about contacting each case's defender."""

    document = ContactSummaryDocument


def _entry(recipient: Recipient) -> Record | None:
    """Return the entry of a person who is on the roster now."""
    found = _stored(recipient)
    return found if found and found.get("removed_at") is None else None


def _stored(recipient: Recipient) -> Record | None:
    found: Record | None = RosterDocument.objects(id=str(recipient)).as_pymongo().first()
    return found


def _contact(entry: Record) -> Contact:
    return Contact(Recipient(entry["kind"], entry["ref"]), entry["channel"], entry["language"])


def _place(entry_id: str) -> tuple[str, str, str, str]:
    return f"roster:{entry_id}", _ROSTER, entry_id, "address"
