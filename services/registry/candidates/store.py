"""Stored probable matches."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, ClassVar

from ngao.chassis.storage.documents import Stored
from ngao.chassis.storage.held import internal
from services.registry.people.resolution import Candidate, Verdict
from services.registry.store import Repository


class CandidateDocument(Stored, of=Candidate, held=internal("defender_ref suggestions created_at verdict decided_by decided_at")):
    """A probable match that waits for a human, or the human's decision."""

    meta: ClassVar[dict[str, Any]] = {
        "db_alias": "registry",
        "collection": "candidates",
        "indexes": [("verdict", "created_at"), ("suggestions.defender_ref", "verdict")],
    }


class CandidateRepository(Repository[Candidate]):
    """Probable matches."""

    document = CandidateDocument

    def open(self, limit: int) -> list[Candidate]:
        """Return the undecided ones, oldest first."""
        return self._all(CandidateDocument.objects(verdict=str(Verdict.OPEN)).order_by("created_at").limit(limit))

    def suggesting(self, refs: Iterable[str]) -> list[Candidate]:
        """Return undecided ones that suggest one of these records."""
        found = self._all(CandidateDocument.objects(verdict=str(Verdict.OPEN), suggestions__defender_ref__in=list(refs)))
        return [candidate for candidate in found if candidate.verdict is Verdict.OPEN]
