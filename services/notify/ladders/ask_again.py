"""Ask again about alarms that ended without an acknowledgement, as soon as a person can be reached."""

from __future__ import annotations

from functools import partial

from services.notify.context import Context, NotifyParts
from services.notify.ladders.case_alarms import CaseAlarms
from services.notify.ladders.model import AlarmState, alarm_to_ask_again, state_of, unacknowledged
from services.notify.messages.model import Message

_AT_ONCE = 200


def ask_all_again(parts: NotifyParts) -> None:
    """Ask again about the cases whose alarm ended without an acknowledgement, because a person has joined the roster."""
    for case_ref in parts.read().alarm_records.unacknowledged(_AT_ONCE):
        parts.run(partial(ask_again, case_ref=case_ref))


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
