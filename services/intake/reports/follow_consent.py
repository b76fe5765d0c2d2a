"""Hear from the registry that a consent was given or withdrawn."""

from __future__ import annotations

from ngao.kernel.consent import Statement
from services.intake.ports import Desk
from services.intake.reports.disclose_narrative import disclose_what_is_new
from services.intake.reports.follow_referral import report_of


def note_consent(desk: Desk, case_ref: str, change: Statement) -> None:
    """Keep the change; a consent that was missing lets those at work have the narrative now. Raises NotFound.

    Of a forgotten report nothing can be disclosed, and what is agreed to for it is nobody's concern.
    """
    report = report_of(desk, case_ref)
    if report.forgotten_at:
        return
    report.note_consent(change)
    disclose_what_is_new(desk, report)
    desk.reports.put(report)
