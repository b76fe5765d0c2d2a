"""Stored candidates."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from mongoengine import Q

from ngao.chassis.storage.documents import Stored
from ngao.chassis.storage.held import internal
from ngao.chassis.storage.unit_of_work import Unit
from services.registry.people.model import Defender
from services.registry.people.resolution import Candidate, Verdict
from services.registry.store import Repository


class CandidateDocument(
    Stored,
    of=Candidate,
    held=internal("defender_ref suggestions created_at verdict decided_by decided_at unsure_by unsure_at"),
):
    """A candidate that waits for a human, or the human's decision."""

    meta: ClassVar[dict[str, Any]] = {
        "db_alias": "registry",
        "collection": "candidates",
        "indexes": [("verdict", "created_at"), ("suggestions.defender_ref", "verdict"), "defender_ref"],
    }


class CandidateRepository(Repository[Candidate]):
    """Candidates."""

    document = CandidateDocument

    def __init__(self, unit: Unit) -> None:
        super().__init__(unit)
        self._removed: set[str] = set()
        self._undecided_read: set[str] = set()

    def open(self, limit: int) -> list[Candidate]:
        """Return the undecided ones, oldest first."""
        return self._all(CandidateDocument.objects(verdict=str(Verdict.OPEN)).order_by("created_at").limit(limit))

    def count_open(self) -> int:
        """Return how many are undecided."""
        return int(CandidateDocument.objects(verdict=str(Verdict.OPEN)).count())

    def about(self, ref: str) -> list[Candidate]:
        """Return those of cases of this record, decided or not."""
        return self._all(CandidateDocument.objects(defender_ref=ref))

    def undecided_about(self, records: Iterable[Defender]) -> list[Candidate]:
        """Return undecided ones of cases of these records, and those that suggest one of them.

        The store is asked once for each record, and not for one that is new in this unit.
        """
        refs = {record.id: record.revision for record in records}
        if unread := [ref for ref, revision in refs.items() if revision and ref not in self._undecided_read]:
            about = Q(defender_ref__in=unread) | Q(suggestions__defender_ref__in=unread)
            self._all(CandidateDocument.objects(about & Q(verdict=str(Verdict.OPEN))))
            self._undecided_read.update(unread)
        return [each for each in self._entities.values() if self._is_open(each) and each.is_about(refs)]

    def remove(self, candidate: Candidate) -> None:
        """Delete it."""
        self._removed.add(candidate.id)
        self._unit.drop(self.collection, candidate.id, candidate.revision)

    def suggesting(self, refs: Iterable[str]) -> list[Candidate]:
        """Return undecided ones that suggest one of these records."""
        found = self._all(CandidateDocument.objects(verdict=str(Verdict.OPEN), suggestions__defender_ref__in=list(refs)))
        return [each for each in found if self._is_open(each)]

    def _is_open(self, candidate: Candidate) -> bool:
        return candidate.verdict is Verdict.OPEN and candidate.id not in self._removed
