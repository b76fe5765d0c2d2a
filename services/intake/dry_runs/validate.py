"""Validate a report without storing it."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from ngao.chassis.handlers import Call, http
from ngao.contracts.classes import INTERNAL, Tolerant
from ngao.contracts.schemas.report import Report as ReportSchema
from services.intake.context import Context, IntakeParts
from services.intake.dry_runs.count import admit
from services.intake.reports.dates import with_likely_date
from services.intake.reports.draft import Draft
from services.intake.reports.person_keys import person_keys
from services.intake.reports.posted import CLOUDEVENT, JSON, pointing, posted
from services.intake.reports.receive import facts_of, refuse
from services.intake.reports.responses import ReasonShown, show
from services.intake.reports.vocabulary import county_of, needs_suggested_by, problems_of
from services.intake.triage.judging import judge


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
    """Check a report and judge it by what its source has reported, without taking it in; raises InvalidInput."""
    vocabulary = ctx.policy.vocabulary
    refuse(problems_of(draft, vocabulary, ctx.now))
    draft = with_likely_date(draft, ctx.now, ctx.now)
    keys = person_keys(draft.person, ctx.unit.keyring, ctx.policy)
    triage = judge(ctx, source_id, facts_of(ctx, draft), keys).told
    return show(
        ForeseenShown,
        valid=True,
        urgency=triage.urgency,
        reasons=triage.reasons,
        points=triage.points,
        policy_version=triage.policy_version,
        needs=draft.needs or needs_suggested_by(draft.violations, vocabulary),
        needs_suggested=not draft.needs,
        county=county_of(draft.place, vocabulary) or "",
    )
