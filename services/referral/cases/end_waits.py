"""End the waits that have expired and take the next step of each."""

from __future__ import annotations

from ngao.chassis.handlers import every, measures
from ngao.chassis.measuring import OFTEN_S
from services.referral.cases.deadlines import pass_time
from services.referral.cases.store import overdue_waits
from services.referral.context import BATCH, Context, ReferralParts
from services.referral.matching.route_needs import route_and_store


@every(seconds=1)
def end_waits(parts: ReferralParts) -> None:
    """End the expired waits, urgent ones first. An error in one case does not delay the others."""
    parts.each(parts.read().cases.due(parts.clock.now(), BATCH), expire_due, "deadline.failed")


def expire_due(ctx: Context, case_ref: str) -> None:
    """End the expired waits of one case.

    Another replica may have done it meanwhile: the case is read again, and its revision guards the rest.
    """
    case = ctx.cases.get(case_ref)
    if case is None or case.next_deadline is None or case.next_deadline > ctx.now:
        return
    pass_time(case, ctx.now, ctx.deadlines)
    route_and_store(ctx, case)


@measures(seconds=OFTEN_S)
def measure_overdue(parts: ReferralParts) -> None:
    """Export the number of expired waits that have not been ended: a missed deadline is how a case would be forgotten."""
    now = parts.clock.now()
    for what, ends in overdue_waits(now).items():
        parts.metrics.overdue(what, len(ends), max(((now - end).total_seconds() for end in ends), default=0.0))
