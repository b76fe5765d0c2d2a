"""Erase reports after their retention period."""

from __future__ import annotations

from functools import partial

from ngao.chassis.handlers import every, measures
from ngao.chassis.measuring import SELDOM_S
from services.intake.context import Context, IntakeParts
from services.intake.notes.filing import erase_file

_AT_ONCE = 100


@every(seconds=600)
def erase_due(parts: IntakeParts) -> None:
    """Erase the reports that are due, batch after batch; several processes may do it at the same time."""
    while due := (ctx := parts.read()).reports.due(ctx.policy.retention.ends("reports", ctx.now), _AT_ONCE):
        works = [partial(erase_report, report_id=report_id, why=why) for report_id, why in due]
        for failed in (work for work in parts.run_all(works) if work is not None):
            raise failed


def erase_report(ctx: Context, report_id: str, why: str) -> None:
    """Erase one that is past its time by the date `why`, such as `received`; one that is erased already stays as it is.

    It is looked at again, because an update may have come since it was found. Then it is written, with the date that counts now.
    """
    report = ctx.reports.get(report_id)
    if report is None or report.erased_at:
        return
    if not report.is_past(why, ctx.policy.retention.before("reports", why, ctx.now)):
        ctx.reports.save(report)
    elif report.erase(ctx.now):
        ctx.vault.destroy(report)
        erase_file(ctx, report.case_ref)
        ctx.reports.save(report)
        detail = {"why": why, "policy_version": ctx.policy.retention.version}
        ctx.audit("report.forgotten", subject=report.case_ref, detail=detail)


@measures(seconds=SELDOM_S)
def measure_retention(parts: IntakeParts) -> None:
    """Measure what should be erased by now and is not."""
    ctx = parts.read()
    late, longest = ctx.reports.overdue(ctx.policy.retention.ends("reports", ctx.now))
    parts.metrics.overdue("retention", late, longest.total_seconds())
