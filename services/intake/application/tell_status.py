"""Tell a source how its report is doing."""

from __future__ import annotations

from ngao.chassis.errors import NotFound
from services.intake.application.ports import Reports
from services.intake.domain.report import Report


def tell_status(reports: Reports, source_id: str, report_id: str) -> Report:
    """The report, for the source that posted it and nobody else; raises NotFound, which does not say which of the two it is."""
    report = reports.find(report_id)
    if report is None or report.source_id != source_id:
        raise NotFound("There is no such report.")
    return report
