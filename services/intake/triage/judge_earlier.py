"""Judge earlier reports again when a later one is about the same person.

It is done after the later report is stored, and never while its source waits: how long an answer takes and whether it comes
must not depend on what others have reported (law 10). What a source may know of its own report is left as it was.
That it is still to be done stands in the later report, so that no crash loses it.
"""

from __future__ import annotations

from services.intake.ports import INTAKE, Desk
from services.intake.reports.model import Change, Report
from services.intake.triage.judging import judge

MOST_JUDGED = 20
"""For one later report, the latest first: a person about whom more cases are open is in every officer's sight already."""


def judge_earlier(desk: Desk, report_id: str) -> int:
    """Raise the urgency of open reports about the same person where their history now demands it; gives how many."""
    later = desk.reports.find(report_id)
    if later is None or later.judge_others_at is None:
        return 0
    later.judge_others_at = None
    desk.reports.put(later)
    if later.withdrawn_at:
        return 0
    others = desk.reports.open_about(later.person_keys, MOST_JUDGED, but=later.id)
    return sum(_raise(desk, each) for each in filter(None, map(desk.reports.find, others)))


def _raise(desk: Desk, report: Report) -> bool:
    before = report.triage.urgency
    fresh = judge(desk, report.source_id, report.facts(desk.now), report.person_keys, but=report.id)
    if not report.raise_to(fresh.whole):
        return False
    desk.reports.put(report)
    desk.announce.updated(report, Change("history", before))
    detail = {"by": "history", "urgency_before": before, "urgency": report.triage.urgency}
    desk.journal("report.raised", subject=report.case_ref, actor=INTAKE, detail=detail)
    return True
