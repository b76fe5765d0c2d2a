"""Find the report that an operator names."""

from __future__ import annotations

from ngao.chassis.errors import or_not_found
from services.intake.context import Context
from services.intake.reports.model import Report


def report_in_reach(ctx: Context, case_ref: str) -> Report:
    """Return the report that opened a case. Raises NotFound, also for one that the caller does not reach."""
    report = ctx.reports.by_case(case_ref)
    reached = report if report and ctx.reaches(report.county) else None
    return or_not_found(reached, "Intake has no report with this case reference.")
