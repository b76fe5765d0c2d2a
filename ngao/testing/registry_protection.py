"""Risk assessments in memory."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from ngao.testing.registry_base import Memory
from services.registry.protection.model import Assessment
from services.registry.protection.store import AssessmentRepository


class MemoryAssessments(Memory[Assessment], AssessmentRepository):
    """Versions of risk assessments."""

    def of(self, refs: Iterable[str]) -> list[Assessment]:
        wanted = set(refs)
        return self._all(
            self._records.ordered(lambda each: each.defender_ref in wanted, by=lambda each: (each.saved_at, each.number))
        )

    def to_review(self, until: datetime, limit: int) -> list[Assessment]:
        due = self._records.ordered(lambda each: each.is_current and each.review_at <= until, by=lambda each: each.review_at)
        return self._all(due[:limit])

    def to_ring(self, now: datetime, limit: int) -> list[str]:
        due = self._records.ordered(lambda each: each.ring_at and each.ring_at <= now, by=lambda each: each.ring_at)
        return [each.id for each in due][:limit]

    def remove(self, assessment: Assessment) -> None:
        self._entities.pop(assessment.id, None)
        self._records.drop(assessment.id)
