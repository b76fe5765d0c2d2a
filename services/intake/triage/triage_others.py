"""Triage other reports about a person again when a report, or an update, says something new about it.

It is done after the later report is stored, and never while its source waits: how long an answer takes and whether it comes
must not depend on what others have reported (law 10). What a source may know of its own report is left as it was.
That it is still to be done is stored in the later report, so that no crash loses it; two that come together find each other
afterwards.
"""

from __future__ import annotations

from functools import partial

from ngao.chassis.handlers import every
from ngao.chassis.observability.logs import get_logger
from services.intake.context import Context, IntakeParts
from services.intake.reports.model import Report
from services.intake.reports.publishing import publish_updated
from services.intake.triage.triage_twice import triage_twice

MOST_TRIAGED = 20
"""For one later report, the latest first: a person about whom more cases are open is in every officer's sight already."""

_AT_ONCE, _CLEARED_AT_ONCE = 100, 1000
_log = get_logger("intake")


@every(seconds=2)
def triage_other_reports(parts: IntakeParts) -> None:
    """Triage again what new reports and facts may have made more urgent: a limited number at a time, the rest in a moment.

    Where two raise the same report, the second is done again by itself. What fails is tried again and delays no other.
    """
    reports = parts.read().reports
    reports.clear_without_others(_CLEARED_AT_ONCE)
    works = [partial(triage_others, report_id=report_id) for report_id in reports.with_others_to_triage(_AT_ONCE)]
    for failed in (work for work in parts.run_all(works) if isinstance(work, Exception)):
        _log.warning("reports.judging_failed", error=type(failed).__name__)


def triage_others(ctx: Context, report_id: str) -> int:
    """Raise the urgency of open reports about the same person where their history now demands it; gives how many."""
    later = ctx.reports.get(report_id)
    if later is None or later.triage_others_at is None:
        return 0
    later.triage_others_at = None
    ctx.reports.save(later)
    if later.withdrawn_at:
        return 0
    others = ctx.reports.open_about(later.person_keys, MOST_TRIAGED, but=later.id)
    itself = [] if later.closed_at else [later]  # one that was stored at the same moment was not in its history
    return sum(_raise(ctx, each) for each in (*filter(None, map(ctx.reports.get, others)), *itself))


def _raise(ctx: Context, report: Report) -> bool:
    before = report.triage.urgency
    fresh = triage_twice(ctx, report.source_id, report.facts(ctx.now), report.person_keys, but=report.id)
    if not report.raise_to(fresh.whole):
        return False
    ctx.reports.save(report)
    publish_updated(ctx, report, by="history", urgency_before=before)
    detail = {"by": "history", "urgency_before": before, "urgency": report.triage.urgency}
    ctx.audit("report.raised", subject=report.case_ref, detail=detail)
    return True
