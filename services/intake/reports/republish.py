"""Tell a report again that no case was opened for: a broker may have lost it on the way, and nobody else would know."""

from __future__ import annotations

from services.intake.ports import INTAKE, Desk


def tell_again(desk: Desk, report_id: str) -> bool:
    """Say what was said about a report once more, with the same ids; False when it is not time, or somebody has the case now."""
    report = desk.reports.find(report_id)
    if report is None or not report.told_again(desk.now):
        return False
    desk.reports.put(report)
    desk.announce.again(report)
    desk.journal("report.told_again", subject=report.case_ref, actor=INTAKE)
    return True
