"""Hear from the referral how help is coming along."""

from __future__ import annotations

from dataclasses import replace

from ngao.chassis.errors import NotFound
from services.intake.ports import Desk
from services.intake.reports.disclose_narrative import disclose_narrative, disclose_what_is_new
from services.intake.reports.model import Helper, Report
from services.intake.reports.progress import Step, stands_accepted


def note_progress(desk: Desk, case_ref: str, step: Step, helper: Helper | None = None) -> None:
    """Take a step into the story; an acceptance (then `helper` is given) brings the partner the narrative.

    Raises NotFound for a case that intake never opened.
    """
    report = report_of(desk, case_ref)
    report.note(step)
    if helper:
        _begin(desk, report, helper)
    elif step.offer_id and not stands_accepted(report.story, step.offer_id):
        report.drop_helper(step.offer_id)
    desk.reports.put(report)


def note_vouch(desk: Desk, case_ref: str, helper: Helper) -> None:
    """Take what operators vouch for by now of a partner that accepted before; it gets what it does not have yet.

    Raises NotFound. The acceptance is an old step of the story, whatever came after it.
    """
    report = report_of(desk, case_ref)
    if report.forgotten_at or not stands_accepted(report.story, helper.offer_id):
        return
    known = report.helpers.get(helper.offer_id, helper)
    report.keep_helper(replace(helper, parts_disclosed=known.parts_disclosed, distrust=known.distrust))
    disclose_what_is_new(desk, report)
    desk.reports.put(report)


def report_of(desk: Desk, case_ref: str) -> Report:
    """The report that opened a case; raises NotFound."""
    report = desk.reports.by_case(case_ref)
    if report is None:
        raise NotFound("Intake has no report with this case reference.")
    return report


def _begin(desk: Desk, report: Report, helper: Helper) -> None:
    if stands_accepted(report.story, helper.offer_id) and not report.forgotten_at:
        report.keep_helper(helper)
    disclose_narrative(desk, report, helper)
