"""Withdraw a report on its source's request."""

from __future__ import annotations

from typing import Any

from ngao.chassis.handlers import http
from ngao.contracts.events.intake import ReportWithdrawn
from services.intake.context import Context
from services.intake.reports.disclose_narrative import recall_what_is_refused
from services.intake.reports.responses import StatusShown, status_answer
from services.intake.reports.show_status import report_for


@http.post("/v1/reports/<report_id>/withdraw", roles="source", returns=StatusShown, summary="Withdraw a report.")
def withdraw_report(ctx: Context, report_id: str) -> dict[str, Any]:
    """Withdraw a report for its source, once: its open offers are withdrawn, accepted ones recalled, and what was disclosed.

    Raises NotFound.
    """
    report = report_for(ctx, ctx.source_id, report_id)
    if report.withdraw(ctx.now):
        recall_what_is_refused(ctx, report)
        ctx.reports.save(report)
        withdrawn = ReportWithdrawn(report_id=report.id, case_ref=report.case_ref)
        ctx.publish(withdrawn, subject=report.case_ref, urgent=report.is_critical)
        ctx.audit("report.withdrawn", subject=report.case_ref)
    return status_answer(report)
