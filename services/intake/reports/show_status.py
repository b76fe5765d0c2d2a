"""Show a source how its report is doing."""

from __future__ import annotations

from ngao.chassis.errors import NotFound
from services.intake.ports import Desk
from services.intake.reports.model import Report
from services.intake.triage.judging import told_of


def tell_status(desk: Desk, source_id: str, report_id: str) -> Report:
    """The report, with the urgency its source may know, for that source alone.

    Raises NotFound, which does not distinguish a report of another source from one that does not exist.
    """
    report = desk.reports.find(report_id)
    if report is None or report.source_id != source_id:
        raise NotFound("There is no such report.")
    report.told = told_of(desk, report)
    return report
