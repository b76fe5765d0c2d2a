"""Forget what a report told when its time is over."""

from __future__ import annotations

from services.intake.ports import INTAKE, Desk
from services.intake.reports.model import Report


def forget_due(desk: Desk, report_id: str, why: str) -> None:
    """Forget one that is past its time by the moment `why`; one that another process has just forgotten stays as it is."""
    report = desk.reports.find(report_id)
    if report:
        _forget(desk, report, {"why": why, "policy_version": desk.rules.retention.version})


def _forget(desk: Desk, report: Report, detail: dict[str, str]) -> None:
    if report.forget(desk.now):
        desk.vault.destroy(report)
        desk.reports.put(report)
        desk.journal("report.forgotten", subject=report.case_ref, actor=INTAKE, detail=detail)
