"""Versions of risk assessments, sealed under the person's key. In clear is that there is one, and when it is reviewed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, ClassVar

from mongoengine import BinaryField

from ngao.chassis.storage.documents import Stored, count_and_first
from ngao.chassis.storage.held import internal, sealed
from ngao.chassis.storage.lookups import Record
from ngao.kernel.records import from_record, to_record
from services.registry.protection.model import Assessment, Content, Rating
from services.registry.store import Repository, scope_of


class AssessmentDocument(
    Stored,
    of=Assessment,
    but=("content", "rating"),
    held=internal("defender_ref about number saved_at saved_by policy_version review_at ring_at is_current"),
):
    """One version of an assessment; `content` with its rating is sealed under `person:<defender_ref>`."""

    content = BinaryField(required=True, **sealed("cases"))

    meta: ClassVar[dict[str, Any]] = {
        "db_alias": "registry",
        "collection": "assessments",
        "indexes": ["defender_ref", ("is_current", "review_at"), {"fields": ["ring_at"], "sparse": True}],
    }


class AssessmentRepository(Repository[Assessment]):
    """Versions of risk assessments."""

    document = AssessmentDocument

    def of(self, refs: Iterable[str]) -> list[Assessment]:
        """Return every version of these records, the oldest first."""
        return self._all(AssessmentDocument.objects(defender_ref__in=list(refs)).order_by("saved_at", "number"))

    def to_review(self, until: datetime, limit: int) -> list[Assessment]:
        """Return the versions that hold and are to be reviewed until then, the longest due first."""
        return self._all(AssessmentDocument.objects(is_current=True, review_at__lte=until).order_by("review_at").limit(limit))

    def to_ring(self, now: datetime, limit: int) -> list[str]:
        """Return the ids of those whose review is due and for which no one was asked, the longest due first."""
        return list(AssessmentDocument.objects(ring_at__lte=now).order_by("ring_at").limit(limit).scalar("id"))

    def remove(self, assessment: Assessment) -> None:
        """Delete one version."""
        self._entities.pop(assessment.id, None)
        self._unit.drop(self.collection, assessment.id, assessment.revision)

    def _read(self, record: Record) -> Assessment:
        raw = self._open(scope_of("", record["defender_ref"]), record["_id"], "content", record["content"])
        content, rating = from_record(Content, raw["content"]), from_record(Rating, raw["rating"])
        found: Assessment = AssessmentDocument.entity_of(record, content=content, rating=rating)
        return found

    def _record(self, entity: Assessment) -> Record:
        raw = {"content": to_record(entity.content), "rating": to_record(entity.rating)}
        return super()._record(entity) | {"content": self._seal(scope_of("", entity.defender_ref), entity.id, "content", raw)}


def overdue(now: datetime) -> tuple[int, datetime | None]:
    """Return how many reviews are past their day, and since when the first of them is."""
    return count_and_first(AssessmentDocument.objects(is_current=True, review_at__lte=now), "review_at")
