"""Validate a report without storing it. A dry run about a person is counted, audited, measured, and refused above its limit."""

from __future__ import annotations

import math
from datetime import datetime
from functools import partial
from typing import Any

from marshmallow import fields

from ngao.chassis.errors import TooManyRequests
from ngao.chassis.handlers import Call, http
from ngao.chassis.observability.logs import get_logger
from ngao.contracts.classes import INTERNAL, Tolerant
from ngao.contracts.schemas.report import Report as ReportSchema
from ngao.kernel.actors import Actor
from services.intake.context import Context, IntakeParts
from services.intake.dry_runs.model import Asked, DryRunBounds
from services.intake.reports.dates import with_likely_date
from services.intake.reports.draft import Draft, Person
from services.intake.reports.person_keys import person_keys
from services.intake.reports.posted import CLOUDEVENT, JSON, pointing, posted
from services.intake.reports.receive import facts_of, refuse
from services.intake.reports.responses import ReasonShown, show
from services.intake.reports.vocabulary import county_of, needs_suggested_by, problems_of
from services.intake.triage.triage_twice import triage_twice

_log = get_logger("intake")


class ForeseenShown(Tolerant):
    """What would become of a report."""

    valid = fields.Boolean(metadata=INTERNAL)
    urgency = fields.String(metadata=INTERNAL)
    reasons = fields.List(fields.Nested(ReasonShown), metadata=INTERNAL)
    points = fields.Integer(metadata=INTERNAL)
    policy_version = fields.String(metadata=INTERNAL)
    needs = fields.List(fields.String(), metadata=INTERNAL)
    needs_suggested = fields.Boolean(metadata=INTERNAL)
    county = fields.String(metadata=INTERNAL)


@http.post(
    "/v1/reports/validate",
    roles="source",
    request=ReportSchema,
    accepts=(JSON, CLOUDEVENT),
    returns=ForeseenShown,
    summary="Check a report without posting it.",
)
def validate_report(parts: IntakeParts, call: Call) -> dict[str, Any]:
    """Check a report, and return what intake would make of it. Raises TooManyRequests for a source that asks too often.

    Only a report that names a person is counted.
    """
    source_id, report = call.principal.id, posted(call)
    with pointing(lambda pointer: report.prefix + pointer):
        draft = report.read(parts.policy.vocabulary)
        if draft.person.is_named:
            admit(parts, source_id, draft.person)
        return foresee(parts.read(), source_id, draft)


def foresee(ctx: Context, source_id: str, draft: Draft) -> dict[str, Any]:
    """Check a report and triage it by what its source has reported, without taking it in; raises InvalidInput."""
    vocabulary = ctx.policy.vocabulary
    refuse(problems_of(draft, vocabulary, ctx.now))
    draft = with_likely_date(draft, ctx.now, ctx.now)
    keys = person_keys(draft.person, ctx.unit.keyring, ctx.policy)
    triage = triage_twice(ctx, source_id, facts_of(ctx, draft), keys).for_source
    made = {
        "valid": True,
        "needs": draft.needs or needs_suggested_by(draft.violations, vocabulary),
        "needs_suggested": not draft.needs,
        "county": county_of(draft.place, vocabulary) or "",
    }
    return show(ForeseenShown, vars(triage) | made)


def admit(parts: IntakeParts, source_id: str, person: Person) -> None:
    """Count one more and leave its trace; raises TooManyRequests (`too-many-dry-runs`).

    Each source has its own bounds, and nothing that another source does moves them.
    """
    now, bounds, results = parts.clock.now(), parts.settings.dry_runs, parts.own_metrics.dry_runs
    asked = parts.dry_runs.add(source_id, now)
    parts.run(partial(audit_dry_run, source_id=source_id, person=person, asked=asked, bounds=bounds))
    try:
        demand_answerable(asked, bounds, now)
    except TooManyRequests:
        results.labels("refused").inc()
        if bounds.is_first_over(asked):
            _log.warning("dry_runs.refused", source_id=source_id, in_hour=asked.in_hour, in_day=asked.in_day)
        raise
    results.labels("answered").inc()


def audit_dry_run(ctx: Context, source_id: str, person: Person, asked: Asked, bounds: DryRunBounds) -> None:
    """Audit who asked, and about how many identifiers, never about which. Of those that are refused the first is audited."""
    answered = bounds.wait(asked, ctx.now) is None
    if answered or bounds.is_first_over(asked):
        action = "report.validated" if answered else "report.validation_refused"
        detail = {"identifiers": str(_identifiers(person)), "in_hour": str(asked.in_hour), "in_day": str(asked.in_day)}
        ctx.audit(action, subject=source_id, actor=Actor.source(source_id), detail=detail)


def demand_answerable(asked: Asked, bounds: DryRunBounds, now: datetime) -> None:
    """Raise TooManyRequests (`too-many-dry-runs`) when the source has asked about people too often."""
    wait = bounds.wait(asked, now)
    if wait is not None:
        message = "Too many dry runs about people. Post the reports, or validate them without `subject`."
        raise TooManyRequests(message, math.ceil(wait.total_seconds()), slug="too-many-dry-runs")


def _identifiers(person: Person) -> int:
    listed = (value for value in (person.identity or {}).values() if value)
    return sum(len(value) if isinstance(value, list | tuple) else 1 for value in listed) + bool(person.defender_ref)
