"""What officers recorded about contact with each person. The contacts and their rules are sealed under the person's key."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from mongoengine import BinaryField

from ngao.chassis.storage.documents import Stored, count_and_first
from ngao.chassis.storage.held import internal, sealed
from ngao.chassis.storage.lookups import Record
from ngao.kernel.records import from_record, to_record
from services.registry.contact.model import ContactRecord, HandOver, Rule
from services.registry.store import Repository, scope_of


class ContactSafetyDocument(Stored, of=ContactRecord, but=("rules",), held=internal("stopped_at stopped_by stop_reason ring_at")):
    """The contacts of one record (the id); `rules` is sealed under `person:<id>`."""

    rules = BinaryField(required=True, **sealed("cases"))

    meta: ClassVar[dict[str, Any]] = {
        "db_alias": "registry",
        "collection": "contact_safety",
        "indexes": [{"fields": ["ring_at"], "sparse": True}],
    }


class ContactSafetyRepository(Repository[ContactRecord]):
    """What officers recorded about contact."""

    document = ContactSafetyDocument

    def of(self, refs: Iterable[str]) -> list[ContactRecord]:
        """Return what there is of these records."""
        return [found for found in (self.get(ref) for ref in refs) if found]

    def to_ring(self, now: datetime, limit: int) -> list[str]:
        """Return the ids of those that are to be confirmed again, the longest due first."""
        return list(ContactSafetyDocument.objects(ring_at__lte=now).order_by("ring_at").limit(limit).scalar("id"))

    def remove(self, record: ContactRecord) -> None:
        """Delete it."""
        self._entities.pop(record.id, None)
        self._unit.drop(self.collection, record.id, record.revision)

    def _read(self, record: Record) -> ContactRecord:
        key = record["_id"]
        raw = self._open(scope_of("", key), key, "rules", record["rules"])
        found: ContactRecord = ContactSafetyDocument.entity_of(record, rules=tuple(_rule(each) for each in raw))
        return found

    def _record(self, entity: ContactRecord) -> Record:
        rules = [{**to_record(rule), "confirmed_at": rule.confirmed_at.isoformat()} for rule in entity.rules]
        return super()._record(entity) | {"rules": self._seal(scope_of("", entity.id), entity.id, "rules", rules)}


class HandOverDocument(Stored, of=HandOver, held=internal("ask_id case_ref defender_ref channel reason until times at")):
    """What was answered to notify about one message (the id); it holds no address."""

    meta: ClassVar[dict[str, Any]] = {"db_alias": "registry", "collection": "hand_overs", "indexes": ["defender_ref"]}


class HandOverRepository(Repository[HandOver]):
    """The answers to notify."""

    document = HandOverDocument

    def forget(self, ref: str) -> int:
        """Delete what is about the person of this record. Returns how many there were."""
        found = self._all(HandOverDocument.objects(defender_ref=ref))
        for each in found:
            self._unit.drop(self.collection, each.id, each.revision)
        return len(found)


def _rule(raw: Record) -> Rule:
    return from_record(Rule, raw, confirmed_at=datetime.fromisoformat(raw["confirmed_at"]))


def overdue(now: datetime) -> tuple[int, datetime | None]:
    """Return of how many persons a contact is to be confirmed again, and since when the first of them is."""
    return count_and_first(ContactSafetyDocument.objects(ring_at__lte=now), "ring_at")
