"""Stored cases."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, ClassVar

from mongoengine import BinaryField, DateTimeField

from ngao.chassis.storage.documents import Stored, overdue
from ngao.chassis.storage.held import INTERNAL, internal, sealed
from ngao.chassis.storage.lookups import Record
from ngao.kernel.records import to_record
from services.registry.cases.model import Case, CaseState
from services.registry.people.identity import ReportedIdentity
from services.registry.store import Repository, scope_of


class CaseDocument(
    Stored,
    of=Case,
    held=internal(
        "defender_ref resolution urgent received_at tellings statements policy_version state intake_sequence withdrawn_at "
        "absorbed said person_statements restricted corrected contact_stated_at ended"
    ),
):
    """One case.

    `told`, the stored name of its facts, is sealed under the person's scope, or `case:<id>` when anonymous; None once erased.
    """

    told = BinaryField(**sealed("cases"))
    consent_ends_at = DateTimeField(**INTERNAL)
    begins_subject = "_id"  # a new case is the first that there is about it: the `sequence` of its events need not be counted

    meta: ClassVar[dict[str, Any]] = {
        "db_alias": "registry",
        "collection": "cases",
        "indexes": [
            ("defender_ref", "received_at"),
            ("state", "received_at"),
            {"fields": ["consent_ends_at"], "sparse": True},
            {"fields": ["withdrawn_at"], "partialFilterExpression": {"state": "withdrawn"}},
            {"fields": ["received_at"], "name": "unabsorbed", "partialFilterExpression": {"absorbed": False}},
        ],
    }


class CaseRepository(Repository[Case]):
    """The cases."""

    document = CaseDocument

    def of(self, refs: Iterable[str]) -> list[Case]:
        """Return all cases of these records, oldest first."""
        return self._all(CaseDocument.objects(defender_ref__in=list(refs)).order_by("received_at"))

    def due(self, *, received: datetime, withdrawn: datetime, limit: int) -> list[Case]:
        """Return cases with facts that came or were withdrawn no later than this."""
        found = self._all(_withdrawn(withdrawn).order_by("withdrawn_at").limit(limit))
        return found or self._all(_received(received).order_by("received_at").limit(limit))

    def overdue(self, *, received: datetime, withdrawn: datetime) -> tuple[int, timedelta]:
        """Return how many of these there are, and how long the oldest is past its time; one may be past both."""
        return overdue(
            ((_received(received), "received_at", received), (_withdrawn(withdrawn), "withdrawn_at", withdrawn)),
        )

    def with_facts_to_add(self, limit: int) -> list[str]:
        """Return the references of cases whose facts are not in their person's record yet, the longest received first."""
        return list(CaseDocument.objects(absorbed=False).order_by("received_at").limit(limit).scalar("id"))

    def with_ended_consent(self, now: datetime, limit: int) -> list[str]:
        """Return the references of cases with a consent that has ended and was not acted on, the first to end first."""
        return list(CaseDocument.objects(consent_ends_at__lte=now).order_by("consent_ends_at").limit(limit).scalar("id"))

    def late_ends(self, now: datetime) -> tuple[int, timedelta]:
        """Return how many there are, and for how long the first has waited."""
        return overdue([(CaseDocument.objects(consent_ends_at__lte=now), "consent_ends_at", now)])

    def destroy_key(self, case_ref: str) -> None:
        """Delete everything that is sealed about a case without a person."""
        self._unit.destroy_key(scope_of(case_ref, None))

    def _read(self, record: Record) -> Case:
        sealed, scope = record.get("told"), scope_of(record["_id"], record.get("defender_ref"))
        raw = self._open(scope, record["_id"], "told", sealed) if sealed else {}
        case: Case = CaseDocument.entity_of(record, facts=ReportedIdentity.from_dict(raw))
        return case

    def _record(self, entity: Case) -> Record:
        entity.reopen_ends(self._unit.now)
        scope = scope_of(entity.id, entity.defender_ref)
        erased = entity.state is CaseState.ERASED
        if entity.revision == 0 and entity.defender_ref is None:
            self._unit.sealer.create_key(scope)
        facts = None if erased else self._seal(scope, entity.id, "told", to_record(entity.facts))
        return super()._record(entity) | {"told": facts, "consent_ends_at": entity.consent_ends_at}


def _received(by: datetime) -> Any:
    return CaseDocument.objects(state__in=[str(CaseState.OPEN), str(CaseState.WITHDRAWN)], received_at__lte=by)


def _withdrawn(by: datetime) -> Any:
    return CaseDocument.objects(state=str(CaseState.WITHDRAWN), withdrawn_at__lte=by)
