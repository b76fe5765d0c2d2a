"""Sessions, which name no person, and the entries of persons, sealed under their keys and found by keyed hash only."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any, ClassVar

from mongoengine import BinaryField, ListField, StringField

from ngao.chassis.storage.documents import Stored
from ngao.chassis.storage.held import hashed, internal, sealed
from ngao.chassis.storage.lookups import Record
from services.registry.store import Repository, scope_of
from services.registry.trainings.model import Entry, Session, State, TrainingRecord, place_of, places_of


class SessionDocument(Stored, of=Session, held=internal("programme day county places taken")):
    """One session of a programme."""

    meta: ClassVar[dict[str, Any]] = {"db_alias": "registry", "collection": "training_sessions", "indexes": ["day"]}


class TrainingDocument(Stored, of=TrainingRecord, but=("entries",)):
    """The entries of one record (the id), sealed under `person:<id>`; `places` are keyed hashes of session and standing."""

    entries = BinaryField(required=True, **sealed("cases"))
    places = ListField(StringField(), **hashed("cases"))

    meta: ClassVar[dict[str, Any]] = {"db_alias": "registry", "collection": "trainings", "indexes": ["places"]}


class SessionRepository(Repository[Session]):
    """Sessions of programmes."""

    document = SessionDocument

    def latest(self, most: int) -> list[Session]:
        """Return so many sessions, the latest day first."""
        return self._all(SessionDocument.objects().order_by("-day").limit(most))


class TrainingRepository(Repository[TrainingRecord]):
    """Entries of persons."""

    document = TrainingDocument

    def of(self, refs: Iterable[str]) -> list[TrainingRecord]:
        """Return what there is of these records."""
        return [found for found in (self.get(ref) for ref in refs) if found]

    def at(self, session: str, standing: str, most: int) -> list[str]:
        """Return the references of records with such an entry, so many at most."""
        found = TrainingDocument.objects(places=self._hashed(place_of(session, standing)))
        return list(found.order_by("id").limit(most).scalar("id"))

    def count(self, session: str, standing: str) -> int:
        """Return how many records have such an entry."""
        return int(TrainingDocument.objects(places=self._hashed(place_of(session, standing))).count())

    def remove(self, record: TrainingRecord) -> None:
        """Delete it."""
        self._entities.pop(record.id, None)
        self._unit.drop(self.collection, record.id, record.revision)

    def _hashed(self, place: str) -> str:
        return self._unit.keyring.lookup_hash("place", place)

    def _read(self, record: Record) -> TrainingRecord:
        key = record["_id"]
        raw = self._open(scope_of("", key), key, "entries", record["entries"])
        found: TrainingRecord = TrainingDocument.entity_of(record, entries=tuple(_entry(each) for each in raw))
        return found

    def _record(self, entity: TrainingRecord) -> Record:
        raw = [{**vars(each), "state": str(each.state), "since": each.since.isoformat()} for each in entity.entries]
        return super()._record(entity) | {
            "entries": self._seal(scope_of("", entity.id), entity.id, "entries", raw),
            "places": [self._hashed(place) for place in places_of(entity.entries)],
        }


def _entry(raw: Record) -> Entry:
    return Entry(**{**raw, "state": State(raw["state"]), "since": date.fromisoformat(raw["since"])})
