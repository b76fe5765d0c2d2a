"""Raise or lower a report's urgency, for a reason that policy has a code for."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from ngao.chassis.errors import NotAllowedNow
from ngao.chassis.handlers import http, itself
from ngao.contracts.classes import INTERNAL, Strict, Tolerant
from ngao.kernel.problems import FieldError
from ngao.kernel.scopes import HUB
from ngao.kernel.urgency import URGENCIES
from services.intake.context import Context
from services.intake.reports.finding import report_in_reach
from services.intake.reports.publishing import publish_updated
from services.intake.reports.receive import refuse


class UrgencyDecision(Strict):
    """An operator's word on how urgent a case is, and why: a code of `decision_reasons` in triage.yaml."""

    urgency = fields.String(required=True, validate=validate.Length(1, 64), metadata=INTERNAL)
    reason = fields.String(required=True, validate=validate.Length(1, 64), metadata=INTERNAL)


class UrgencyShown(Tolerant):
    """What the urgency is now, and what it was."""

    case_ref = fields.String(metadata=INTERNAL)
    urgency = fields.String(metadata=INTERNAL)
    urgency_before = fields.String(metadata=INTERNAL)


@http.post(
    "/v1/cases/<case_ref>/urgency",
    roles="operator",
    scope="cases:write",
    audit=itself("report.urgency_decided"),
    request=UrgencyDecision,
    returns=UrgencyShown,
    bounded=(HUB,),
    summary="Raise or lower the urgency of a case.",
)
def decide_urgency(ctx: Context, case_ref: str, body: dict[str, Any]) -> dict[str, Any]:
    """Set the urgency for everyone but the source until something new is known; what the source is shown stays (law 10).

    Raises NotFound, InvalidInput, NotAllowedNow (`withdrawn`, `forgotten`).
    """
    urgency, reason = body["urgency"], body["reason"]
    refuse(_problems(ctx, urgency, reason))
    report = report_in_reach(ctx, case_ref)
    if report.withdrawn_at or report.erased_at:
        slug = "withdrawn" if report.withdrawn_at else "forgotten"
        raise NotAllowedNow("Help is no longer looked for because of this report.", slug=slug)
    before = report.triage.urgency
    if urgency != before:
        report.decide(urgency, reason, ctx.policy.triage.decision_reasons[reason])
        ctx.reports.save(report)
        publish_updated(ctx, report, by="operator", urgency_before=before)
        detail = {"urgency_before": before, "urgency": urgency, "reason": reason}
        ctx.audit("report.urgency_decided", subject=case_ref, detail=detail)
    return {"case_ref": case_ref, "urgency": urgency, "urgency_before": before}


def _problems(ctx: Context, urgency: str, reason: str) -> list[FieldError]:
    known = {"/urgency": (urgency, URGENCIES[::-1]), "/reason": (reason, tuple(ctx.policy.triage.decision_reasons))}
    return [
        FieldError(pointer, "unknown_code", f"Must be one of: {', '.join(codes)}.")
        for pointer, (value, codes) in known.items()
        if value not in codes
    ]
