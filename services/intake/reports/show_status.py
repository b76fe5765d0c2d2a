"""Show a source the progress of its report."""

from __future__ import annotations

from typing import Any

from ngao.chassis.errors import NotFound
from ngao.chassis.handlers import http
from services.intake.context import Context
from services.intake.reports.model import Report
from services.intake.reports.responses import StatusShown, status_answer
from services.intake.triage.triage_twice import source_triage


@http.get("/v1/reports/<report_id>", roles="source", returns=StatusShown, summary="How a report is doing.")
def show_report(ctx: Context, report_id: str) -> dict[str, Any]:
    """Show how a report is doing to the source that posted it, and to no other. Raises NotFound."""
    return status_answer(report_for(ctx, ctx.source_id, report_id))


def report_for(ctx: Context, source_id: str, report_id: str) -> Report:
    """Show the report, with the urgency its source may know, to that source alone.

    Raises NotFound, which does not distinguish a report of another source from one that does not exist.
    """
    report = ctx.reports.get(report_id)
    if report is None or report.source_id != source_id:
        raise NotFound("There is no such report.")
    report.triage_for_source = source_triage(ctx, report)
    return report
