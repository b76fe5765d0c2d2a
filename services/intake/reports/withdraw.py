"""Take a report back."""

from __future__ import annotations

from ngao.kernel.actors import Actor
from services.intake.ports import Desk
from services.intake.reports.model import Report
from services.intake.reports.show_status import tell_status


def withdraw_report(desk: Desk, source_id: str, report_id: str) -> Report:
    """Withdraw a report for its source, once; whoever helps is told to stop. Raises NotFound."""
    report = tell_status(desk, source_id, report_id)
    if report.withdraw(desk.now):
        desk.reports.put(report)
        desk.announce.withdrawn(report)
        desk.journal("report.withdrawn", subject=report.case_ref, actor=Actor.source(source_id))
    return report
