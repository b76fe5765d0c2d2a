"""Stored probable matches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from mongoengine import DateTimeField, DictField, ListField, StringField

from ngao.chassis.storage.documents import Stored
from ngao.chassis.storage.held import INTERNAL
from ngao.chassis.storage.lookups import Record
from ngao.kernel.records import from_record, to_record
from services.registry.people.resolution import Candidate, Verdict
from services.registry.store import Repository


class CandidateDocument(Stored):
    """A probable match that waits for a human, or the human's decision."""

    defender_ref = StringField(required=True, **INTERNAL)
    suggestions = ListField(DictField(), **INTERNAL)
    created_at = DateTimeField(required=True, **INTERNAL)
    verdict = StringField(required=True, **INTERNAL)
    decided_by = StringField(**INTERNAL)
    decided_at = DateTimeField(**INTERNAL)

    meta: ClassVar[dict[str, Any]] = {
        "db_alias": "registry",
        "collection": "candidates",
        "indexes": [("verdict", "created_at"), ("suggestions.defender_ref", "verdict")],
    }


class CandidateRepository(Repository[Candidate]):
    """Probable matches."""

    collection = "candidates"

    def open(self, limit: int) -> list[Candidate]:
        """Return the undecided ones, oldest first."""
        return self._all(CandidateDocument.objects(verdict=str(Verdict.OPEN)).order_by("created_at").limit(limit))

    def suggesting(self, refs: Iterable[str]) -> list[Candidate]:
        """Return undecided ones that suggest one of these records."""
        found = self._all(CandidateDocument.objects(verdict=str(Verdict.OPEN), suggestions__defender_ref__in=list(refs)))
        return [candidate for candidate in found if candidate.verdict is Verdict.OPEN]

    def _read(self, record: Record) -> Candidate:
        return from_record(Candidate, record, id=record["_id"])

    def _record(self, entity: Candidate) -> Record:
        return to_record(entity, "id", "revision")
