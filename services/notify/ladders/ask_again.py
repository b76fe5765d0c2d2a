"""Ask about what reached nobody, as soon as somebody can be reached."""

from __future__ import annotations

from services.notify.context import Context
from services.notify.ladders.case_alarms import CaseAlarms
from services.notify.ladders.model import AlarmState, state_of, to_ask_again, unseen
from services.notify.messages.model import Message


def ask_again(context: Context, case_ref: str) -> Message | None:
    """Send the gravest alarm of a case that is unheard to whom it could not reach; its ladder climbs on from there.

    It asks for everything of the case that nobody has acknowledged.
    """
    desk, case = context.desk, CaseAlarms(context, case_ref)
    message = to_ask_again(desk, case.standing) if state_of(case.standing) is AlarmState.UNHEARD else None
    contact = desk.roster(message.recipient) if message else None
    within = desk.policy.within(message.ladder, message.position) if message else None
    if message and contact and within:
        for other in unseen(case.standing):
            if message.cause not in {other.cause, other.covered_by}:
                other.cover(desk.now, message.cause)
                case.save(other)
        message.ask_again(desk.now, contact.channel, within)
        case.save(message)
    case.close()
    return message
