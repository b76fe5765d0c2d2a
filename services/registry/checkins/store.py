"""Stored check-ins. Whom to ask about the person is sealed under her key; her words and her link are keyed hashes."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from mongoengine import BinaryField, StringField

from ngao.chassis.storage.documents import Stored, overdue
from ngao.chassis.storage.held import hashed, internal, sealed
from ngao.chassis.storage.lookups import Record
from ngao.kernel.records import to_record
from services.registry.checkins.model import Answer, Checkin, State, details_of
from services.registry.store import Repository

_WORDS = ("safe_hash", "help_hash", "link_hash")


class CheckinDocument(
    Stored,
    of=Checkin,
    held=internal(
        "defender_ref kind zone due_at daily until grace_minutes verify_minutes county languages needs shared created_at state "
        "occasion next_at answered_at ended_at pending_at wrong"
    ),
):
    """One plan; `details` and `pending` are sealed under `person:<ref>`."""

    details = BinaryField(**sealed("checkins"))
    pending = BinaryField(**sealed("checkins"))
    safe_hash = StringField(**hashed("checkins"))
    help_hash = StringField(**hashed("checkins"))
    link_hash = StringField(**hashed("checkins"))

    meta: ClassVar[dict[str, Any]] = {
        "db_alias": "registry",
        "collection": "checkins",
        "indexes": [
            "defender_ref",
            "link_hash",
            ("state", "due_at"),
            {"fields": ["next_at"], "sparse": True},
            {"fields": ["pending_at"], "sparse": True},
            {"fields": ["ended_at"], "sparse": True},
        ],
    }


class CheckinRepository(Repository[Checkin]):
    """Check-ins."""

    document = CheckinDocument

    def of(self, ref: str) -> list[Checkin]:
        """Return all of a person's record, the newest first."""
        return self._all(CheckinDocument.objects(defender_ref=ref).order_by("-created_at"))

    def open(self, limit: int) -> list[Checkin]:
        """Return those that are not over, by when they are due."""
        found = CheckinDocument.objects(state__in=[str(each) for each in State if each is not State.ENDED])
        return self._all(found.order_by("due_at").limit(limit))

    def by_link(self, link_hash: str) -> Checkin | None:
        """Return the plan of a link."""
        found = self._all(CheckinDocument.objects(link_hash=link_hash).limit(1))
        return found[0] if found else None

    def with_answer(self, limit: int) -> list[str]:
        """Return which have an answer that was not acted on, the longest given first."""
        return list(CheckinDocument.objects(pending_at__ne=None).order_by("pending_at").limit(limit).scalar("id"))

    def due(self, now: datetime, limit: int) -> list[str]:
        """Return which have something due, the longest due first."""
        return list(CheckinDocument.objects(next_at__lte=now).order_by("next_at").limit(limit).scalar("id"))

    def ended_before(self, moment: datetime, limit: int) -> list[Checkin]:
        """Return those that ended no later than this."""
        return self._all(CheckinDocument.objects(ended_at__lte=moment).limit(limit))

    def late(self, now: datetime) -> tuple[int, Any]:
        """Return how many timers are late by more than they may be, and by how long the first is."""
        return overdue([(CheckinDocument.objects(next_at__lte=now), "next_at", now)])

    def remove(self, checkin: Checkin) -> None:
        """Delete it."""
        self._unit.drop(self.collection, checkin.id, checkin.revision)

    def hash_of(self, kind: str, value: str) -> str:
        """Return the keyed hash of a word or a link."""
        return self._unit.keyring.lookup_hash(kind, value)

    def _read(self, record: Record) -> Checkin:
        scope, key = f"person:{record['defender_ref']}", record["_id"]
        details = self._open(scope, key, "details", record["details"]) if record.get("details") else {}
        pending = self._open(scope, key, "pending", record["pending"]) if record.get("pending") else None
        words = {name: record.get(name, "") for name in _WORDS}
        found: Checkin = CheckinDocument.entity_of(
            record, details=details_of(details), pending=Answer(pending) if pending else None, **words
        )
        return found

    def _record(self, entity: Checkin) -> Record:
        scope = f"person:{entity.defender_ref}"
        words = {name: getattr(entity, name) for name in _WORDS}
        return super()._record(entity) | {
            "details": self._seal(scope, entity.id, "details", to_record(entity.details)),
            "pending": self._seal(scope, entity.id, "pending", str(entity.pending)) if entity.pending else None,
            **words,
        }
