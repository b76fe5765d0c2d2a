"""What follows of a check-in by itself: an answer is acted on, a human is asked to look, a report is made. Each happens once.

Every step is a unit of work of its own that writes the plan over the revision it read: of two processes, one wins, and the other
finds nothing left to do. Nothing depends on how long a process slept or how far a clock jumped: only on what is due now.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import Any

from ngao.chassis.errors import Conflict
from ngao.chassis.handlers import every, measures
from ngao.chassis.measuring import SELDOM_S
from ngao.chassis.observability.logs import get_logger
from ngao.contracts.events.intake import StatedConsent
from ngao.contracts.events.registry import CheckinDuress, CheckinMissed, CheckinUnanswered
from ngao.kernel.ids import CHECKINS_SOURCE
from ngao.kernel.urgency import CRITICAL
from services.registry.checkins.model import CHECKINS, Answer, Checkin, Happening
from services.registry.context import REGISTRY, Context, RegistryParts
from services.registry.people.finding import person_of
from services.registry.people.keeping import release

_AT_ONCE = 100
LATE = timedelta(minutes=1)
_log = get_logger("registry")


@every(seconds=1)
def act_on_answers(parts: RegistryParts) -> None:
    """Act on each answer that was given."""
    for checkin_id in parts.read().checkins.with_answer(_AT_ONCE):
        _run(parts, checkin_id)


@every(seconds=5)
def run_checkins(parts: RegistryParts) -> None:
    """Do what is due."""
    ctx = parts.read()
    for checkin_id in ctx.checkins.due(ctx.now, _AT_ONCE):
        _run(parts, checkin_id)


@measures(seconds=SELDOM_S)
def measure_checkins(parts: RegistryParts) -> None:
    """Export the number of check-ins whose timer is late: no one was asked about them."""
    ctx = parts.read()
    late, longest = ctx.checkins.late(ctx.now - LATE)
    parts.metrics.overdue("checkin", late, longest.total_seconds())


@every(seconds=3600)
def forget_ended(parts: RegistryParts) -> None:
    """Remove what ended long ago."""
    while parts.run(partial(remove_ended, limit=_AT_ONCE)):
        continue


def _run(parts: RegistryParts, checkin_id: str) -> None:
    try:
        parts.run(partial(step, checkin_id=checkin_id))
    except Conflict:  # another process did it, or an answer came: the next turn looks again
        _log.info("checkin.again", checkin_id=checkin_id)


def step(ctx: Context, checkin_id: str) -> None:
    """Act on the answer that waits, or do what is due by now; nothing if neither is there any more."""
    checkin = ctx.checkins.get(checkin_id)
    if checkin is None:
        return
    if checkin.pending:
        settle(ctx, checkin)
        return
    happened = checkin.advance(ctx.now)
    if happened is Happening.UNANSWERED and checkin.next_at:
        said = CheckinUnanswered(case_ref=checkin.id, urgency=CRITICAL, report_at=checkin.next_at)
        ctx.publish(said, subject=checkin.id, urgent=True)
        ctx.checkins.save(checkin)
        ctx.audit("checkin.unanswered", subject=checkin.id, actor=REGISTRY)
    elif happened is Happening.MISSED:
        report_missed(ctx, checkin)


def settle(ctx: Context, checkin: Checkin) -> None:
    """Act on the waiting answer. The plan continues in the same way after both; only a report shows the difference."""
    given_at = checkin.pending_at or ctx.now
    if checkin.pending is Answer.HELP:
        ctx.publish(CheckinDuress(**_said(ctx, checkin) | {"due_at": given_at}), subject=checkin.id, urgent=True)
    checkin.settle(given_at)
    ctx.checkins.save(checkin)


def report_missed(ctx: Context, checkin: Checkin) -> None:
    """Make it a report."""
    checkin.miss()
    ctx.publish(CheckinMissed(**_said(ctx, checkin)), subject=checkin.id, urgent=True)
    ctx.checkins.save(checkin)
    ctx.audit("checkin.missed", subject=checkin.id)


def remove_ended(ctx: Context, limit: int) -> int:
    """Remove check-ins that are past their time, and release whom nothing else keeps. Returns how many."""
    ends = ctx.policy.retention.ends("checkins", ctx.now)
    found = ctx.checkins.ended_before(ends["ended"], limit)
    for each in found:
        ctx.checkins.remove(each)
    gone = {each.id for each in found}
    for ref in {each.defender_ref for each in found}:
        person = person_of(ctx, ref)
        left = [each for record in person.records for each in ctx.checkins.of(record.id)] if person else []
        if person and all(each.id in gone for each in left):
            release(ctx, person, CHECKINS)
    return len(found)


def _said(ctx: Context, checkin: Checkin) -> dict[str, Any]:
    """Return what intake makes the report of: codes, and the reference that only the source of check-ins can use."""
    shared = checkin.shared
    consent = () if shared is None else (StatedConsent(purpose="referral", scope=shared),)
    return {
        "checkin_id": checkin.id, "occasion": checkin.occasion, "kind": checkin.kind, "due_at": checkin.due_at,
        "defender_ref": ctx.addresses.reference_for_source(checkin.defender_ref, CHECKINS_SOURCE), "county": checkin.county,
        "languages": checkin.languages, "needs": checkin.needs, "consent": consent,
    }  # fmt: skip
