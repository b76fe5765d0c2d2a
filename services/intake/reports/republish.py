"""Publish a report again that no case was opened for: a broker may have lost it, and no other service would know."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

from ngao.chassis.handlers import every, measures
from ngao.chassis.measuring import OFTEN_S
from ngao.chassis.messaging.destinations import EVENTS, NOTICES
from ngao.chassis.observability.logs import get_logger
from services.intake.context import Context, IntakeParts

_AT_ONCE = 100
_OPENED_WITHIN = timedelta(minutes=2)
_log = get_logger("intake")


@every(seconds=5)
def republish_unopened(parts: IntakeParts) -> None:
    """Publish reports again that no case was opened for: a limited number at a time, so that a backlog does not grow by it."""
    ctx = parts.read()
    works = [partial(republish, report_id=report_id) for report_id in ctx.reports.unopened(ctx.now, _AT_ONCE)]
    done = sum(work is True for work in parts.run_all(works))
    if done:
        _log.warning("reports.told_again", count=done)


def republish(ctx: Context, report_id: str) -> bool:
    """Send what was published about a report once more, with the same ids.

    False when it is not time, or referral has the case now.
    """
    report = ctx.reports.get(report_id)
    if report is None or not report.republish_if_due(ctx.now):
        return False
    ctx.reports.save(report)
    for to in (EVENTS, NOTICES):
        ctx.unit.afterwards.append(partial(ctx.sent.republish, report.case_ref, report.received_at, to=to))
    ctx.audit("report.told_again", subject=report.case_ref)
    return True


@measures(seconds=OFTEN_S)
def measure_openings(parts: IntakeParts) -> None:
    """Measure which reports should have become cases by now and have not."""
    ctx = parts.read()
    count, first = ctx.reports.still_unopened(ctx.now - _OPENED_WITHIN)
    parts.metrics.overdue("opening", count, (ctx.now - first - _OPENED_WITHIN).total_seconds() if first else 0.0)
