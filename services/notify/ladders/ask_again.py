"""Ask again about alarms that ended without an acknowledgement, as soon as a person can be reached.

The mark of a person who joined stays in the roster until they were asked about every case, so that a process that dies before is
replaced by the next one.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import partial

from ngao.chassis.handlers import every
from services.notify.context import Context, NotifyParts
from services.notify.ladders.case_alarms import CaseAlarms
from services.notify.ladders.model import AlarmState, alarm_to_ask_again, state_of, unacknowledged
from services.notify.messages.model import Message
from services.notify.roster.model import Recipient

_AT_ONCE = 200
_SETTLED, _LOOK_BACK = timedelta(seconds=10), timedelta(minutes=1)
"""A unit of work that did not see the person on the roster has ended by then, and began no longer before."""


def ask_all_again(parts: NotifyParts) -> None:
    """Ask again about every case whose alarm ended without an acknowledgement, because a person has joined the roster.

    The newest are asked about immediately, the others and those that fail by `ask_those_left`.
    """
    parts.listed_for |= parts.read().roster.joined()
    parts.left_to_ask |= dict.fromkeys(parts.read().alarm_records.unacknowledged())
    _ask(parts, list(parts.left_to_ask)[:_AT_ONCE])


@every(seconds=5)
def ask_those_left(parts: NotifyParts) -> None:
    """Ask about the cases that are left, and about those whose alarm ended while the person joined the roster.

    For a person whom another process has put on the roster, and who was not asked about everything since, these are all cases.
    """
    joined, ended = parts.read().roster.joined(), parts.clock.now() - _SETTLED
    settled = {person: at for person, at in joined.items() if at < ended}
    if settled:
        listed = settled.items() <= parts.listed_for.items()
        since = min(settled.values()) - _LOOK_BACK if listed else None
        parts.left_to_ask |= dict.fromkeys(parts.read().alarm_records.unacknowledged(since))
        parts.listed_for |= settled
    _ask(parts, list(parts.left_to_ask))
    if settled and not parts.left_to_ask and not parts.asking:
        parts.run(partial(_end_marks, settled))


def _end_marks(settled: Mapping[Recipient, datetime], ctx: Context) -> None:
    for person, at in settled.items():
        ctx.roster.was_asked(person, at)


def _ask(parts: NotifyParts, cases: list[str]) -> None:
    for case_ref in cases:
        parts.left_to_ask.pop(case_ref, None)  # first, so that a person who joins meanwhile is asked about it, too
    parts.asking += 1
    done: Collection[str] = ()
    try:
        done = parts.each(cases, ask_again, "alarm.not_asked_again")
    finally:
        parts.asking -= 1
        parts.left_to_ask |= dict.fromkeys(case_ref for case_ref in cases if case_ref not in done)


def ask_again(ctx: Context, case_ref: str) -> Message | None:
    """Send the gravest unacknowledged alarm of a case that was not delivered. Its ladder continues from there.

    It asks for every event of the case that has not been acknowledged.
    """
    situation, case_alarms = ctx.situation, CaseAlarms(ctx, case_ref)
    message = (
        alarm_to_ask_again(situation, case_alarms.alarms) if state_of(case_alarms.alarms) is AlarmState.UNACKNOWLEDGED else None
    )
    contact = situation.roster(message.recipient) if message else None
    within = ctx.policy.within(message.ladder, message.position) if message else None
    if message and contact and within:
        for other in unacknowledged(case_alarms.alarms):
            if message.cause not in {other.cause, other.covered_by}:
                other.cover(ctx.now, message.cause)
                case_alarms.save(other)
        message.ask_again(ctx.now, contact.channel, within)
        case_alarms.save(message)
    case_alarms.store()
    return message
