"""Ask again about alarms that ended without an acknowledgement, as soon as a person can be reached."""

from __future__ import annotations

from datetime import timedelta

from ngao.chassis.handlers import every
from services.notify.context import Context, NotifyParts
from services.notify.ladders.case_alarms import CaseAlarms
from services.notify.ladders.model import AlarmState, alarm_to_ask_again, state_of, unacknowledged
from services.notify.messages.model import Message

_AT_ONCE = 200
_SETTLED, _LOOK_BACK = timedelta(seconds=10), timedelta(minutes=1)
"""A unit of work that did not see the person on the roster has ended by then, and began no longer before."""


def ask_all_again(parts: NotifyParts) -> None:
    """Ask again about every case whose alarm ended without an acknowledgement, because a person has joined the roster.

    The newest are asked about immediately, the others and those that fail by `ask_those_left`.
    """
    parts.joined_at = parts.clock.now()
    parts.left_to_ask |= dict.fromkeys(parts.read().alarm_records.unacknowledged())
    _ask(parts, list(parts.left_to_ask)[:_AT_ONCE])


@every(seconds=5)
def ask_those_left(parts: NotifyParts) -> None:
    """Ask about the cases that are left, and about those whose alarm ended while the person joined the roster."""
    joined_at = parts.joined_at
    if joined_at and joined_at + _SETTLED < parts.clock.now():
        parts.left_to_ask |= dict.fromkeys(parts.read().alarm_records.unacknowledged(since=joined_at - _LOOK_BACK))
        parts.joined_at = None if parts.joined_at == joined_at else parts.joined_at
    _ask(parts, list(parts.left_to_ask))


def _ask(parts: NotifyParts, cases: list[str]) -> None:
    for case_ref in cases:
        parts.left_to_ask.pop(case_ref, None)  # first, so that a person who joins meanwhile is asked about it, too
    done = parts.each(cases, ask_again, "alarm.not_asked_again")
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
