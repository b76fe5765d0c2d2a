"""Read a case's report: with a reason, audited; the narrative and the attachments by a right of their own."""

from __future__ import annotations

import json
from typing import Any

from marshmallow import fields

from ngao.chassis.handlers import http, itself
from ngao.contracts.classes import INTERNAL, SENSITIVE, Tolerant
from ngao.contracts.schemas import report as report_schema
from ngao.kernel.scopes import HUB
from services.intake.context import Context
from services.intake.notes.filing import file_of
from services.intake.reports.finding import report_in_reach
from services.intake.reports.model import Report
from services.intake.reports.responses import LeftOutShown, ReasonShown, show


class ViolationShown(Tolerant):
    """One violation, in the coalition's codes: what, whether it continues, against whom, by which kinds of perpetrator.

    `occurred_at` is there if it is not the report's. `counts_from` is the moment that triage uses instead, if its date is
    doubtful, or if it was reported later without one.
    """

    type = fields.String(metadata=INTERNAL)
    label = fields.String(metadata=INTERNAL)
    ongoing = fields.Boolean(metadata=INTERNAL)
    against = fields.String(metadata=INTERNAL)
    perpetrators = fields.List(fields.String(), metadata=INTERNAL)
    occurred_at = fields.AwareDateTime(allow_none=True, metadata=INTERNAL)
    occurred_precision = fields.String(metadata=INTERNAL)
    counts_from = fields.AwareDateTime(allow_none=True, metadata=INTERNAL)


class DateDoubtShown(Tolerant):
    """Why the date is not the stated one (missing, future, too_old, device_clock), and which was stated, if it can be read."""

    reason = fields.String(metadata=INTERNAL)
    stated = fields.AwareDateTime(allow_none=True, metadata=INTERNAL)


class CaseReportShown(Tolerant):
    """The report of a case in codes, and the flags that operators have set; `forgotten` after its retention period."""

    case_ref = fields.String(metadata=INTERNAL)
    source_id = fields.String(metadata=INTERNAL)
    status = fields.String(metadata=INTERNAL)
    reporter_role = fields.String(metadata=INTERNAL)
    violations = fields.List(fields.Nested(ViolationShown), metadata=INTERNAL)
    needs = fields.List(fields.String(), metadata=INTERNAL)
    needs_proposed = fields.List(fields.String(), metadata=INTERNAL)
    county = fields.String(metadata=INTERNAL)
    languages = fields.List(fields.String(), metadata=INTERNAL)
    occurred_at = fields.AwareDateTime(metadata=INTERNAL)
    occurred_precision = fields.String(metadata=INTERNAL)
    received_at = fields.AwareDateTime(metadata=INTERNAL)
    updated_at = fields.AwareDateTime(allow_none=True, metadata=INTERNAL)
    withdrawn_at = fields.AwareDateTime(allow_none=True, metadata=INTERNAL)
    urgency = fields.String(metadata=INTERNAL)
    points = fields.Integer(metadata=INTERNAL)
    reasons = fields.List(fields.Nested(ReasonShown), metadata=INTERNAL)
    policy_version = fields.String(metadata=INTERNAL)
    earlier_reports = fields.Integer(metadata=INTERNAL)
    has_narrative = fields.Boolean(metadata=INTERNAL)
    has_attachments = fields.Boolean(metadata=INTERNAL)
    mapping_version = fields.String(allow_none=True, metadata=INTERNAL)
    discarded = fields.List(fields.String(), metadata=INTERNAL)
    left_out = fields.List(fields.Nested(LeftOutShown), metadata=INTERNAL)
    date_doubt = fields.Nested(DateDoubtShown, allow_none=True, metadata=INTERNAL)
    forgotten = fields.Boolean(metadata=INTERNAL)
    flags = fields.List(fields.String(), metadata=INTERNAL)


class NarrativeShown(Tolerant):
    """The narrative in words, and the list of attachments: their files stay where they are."""

    case_ref = fields.String(metadata=INTERNAL)
    narrative = fields.String(metadata=SENSITIVE)
    attachments = fields.List(fields.Nested(report_schema.Attachment), metadata=SENSITIVE)


@http.get(
    "/v1/cases/<case_ref>/report",
    roles="operator",
    scope="reports:read",
    audit=itself("report.read"),
    returns=CaseReportShown,
    bounded=(HUB,),
    summary="What a case's report says in codes; ?reason= is demanded.",
)
def read_case_report(ctx: Context, case_ref: str, *, reason: str = "") -> dict[str, Any]:
    """Show an operator the report that opened a case, in codes. Raises NotFound, InvalidInput for an unknown reason."""
    report, labels = _read(ctx, "report.read", case_ref, reason), ctx.policy.vocabulary.violations
    mapping = report.mapping
    made = {
        "status": report.status,
        "violations": [
            {**vars(each), "label": labels[each.type].label if each.type in labels else each.type} for each in report.violations
        ],
        "has_narrative": bool(report.narrative_parts),
        "has_attachments": bool(report.attachments),
        "mapping_version": mapping.version if mapping else None,
        "discarded": mapping.discarded if mapping else (),
        "left_out": mapping.left_out if mapping else (),
        "date_doubt": report.doubt,
        "forgotten": report.erased_at is not None,
        "flags": file_of(ctx, case_ref).codes,
    }
    return show(CaseReportShown, vars(report) | vars(report.triage) | made)


@http.get(
    "/v1/cases/<case_ref>/narrative",
    roles="operator",
    scope="narrative:read",
    audit=itself("narrative.read"),
    returns=NarrativeShown,
    bounded=(HUB,),
    summary="Read the narrative; ?reason= is required.",
)
def read_narrative(ctx: Context, case_ref: str, *, reason: str = "") -> dict[str, Any]:
    """Show an operator the narrative and what the attachments are; nothing once it is erased.

    Raises NotFound, InvalidInput for an unknown reason.
    """
    report = _read(ctx, "narrative.read", case_ref, reason)
    attachments = ctx.vault.open(report, "attachments", report.attachments) if report.attachments else b"[]"
    narrative = ctx.vault.narrative(report)
    return show(NarrativeShown, {"case_ref": case_ref, "narrative": narrative, "attachments": json.loads(attachments)})


def _read(ctx: Context, action: str, case_ref: str, reason: str) -> Report:
    ctx.policy.check_read_reason(reason)
    report = report_in_reach(ctx, case_ref)
    ctx.audit(action, subject=case_ref, detail={"reason": reason})
    return report
