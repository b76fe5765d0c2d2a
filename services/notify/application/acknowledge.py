"""A human says: I have seen it."""

from __future__ import annotations

from ngao.chassis.errors import NotFound
from services.notify.application.case_alarms import CaseAlarms
from services.notify.application.context import Context
from services.notify.domain.alarm import answered_with
from services.notify.domain.message import Message, State


def acknowledge(context: Context, message_id: str, by: str) -> Message:
    """Mark a message as seen, and with it what it covers; stop every escalation of its cause. A second time changes nothing.

    Raises NotFound.
    """
    desk, found = context.desk, context.messages.find(message_id)
    if found is None:
        raise NotFound("There is no such message.")
    if found.state is State.ACKNOWLEDGED:
        return found
    case = CaseAlarms(context, found.case_ref)
    message = case.its(found)
    for other in answered_with(desk, message, case.standing):
        if other.cause == message.cause:
            other.was_answered(desk.now)
        else:
            other.was_acknowledged(desk.now, by)
            context.announcer.acknowledged(other)
        case.save(other)
    message.was_acknowledged(desk.now, by)
    case.save(message)
    context.announcer.acknowledged(message)
    case.close()
    return message
