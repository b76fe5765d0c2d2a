"""A human says: I have seen it."""

from __future__ import annotations

from ngao.chassis.errors import NotFound
from services.notify.context import Context
from services.notify.ladders.case_alarms import CaseAlarms
from services.notify.ladders.model import alarm_beside, answered_with
from services.notify.messages.model import Message, State


def acknowledge(context: Context, message_id: str, by: str) -> Message:
    """Mark a message as seen, and with it what it covers; stop every escalation of its cause. A second time changes nothing.

    With a letter on no ladder, such as the owner's, the alarm about the same event is seen. Raises NotFound.
    """
    found = context.messages.find(message_id)
    if found is None:
        raise NotFound("There is no such message.")
    if found.state is State.ACKNOWLEDGED:
        return found
    case = CaseAlarms(context, found.case_ref)
    message = case.its(found)
    if alarm := message if message.ladder else alarm_beside(message, case.standing):
        _answer(context, case, alarm, by)
    if message.state is not State.ACKNOWLEDGED:
        _see(context, case, message, by)
    case.close()
    return message


def _answer(context: Context, case: CaseAlarms, alarm: Message, by: str) -> None:
    """Mark one alarm as seen, with all for which its acknowledgement counts."""
    for other in answered_with(context.desk, alarm, case.standing):
        if other.cause == alarm.cause:
            other.was_answered(context.desk.now)
            case.save(other)
        else:
            _see(context, case, other, by)
    if alarm.state is not State.ACKNOWLEDGED:
        _see(context, case, alarm, by)


def _see(context: Context, case: CaseAlarms, message: Message, by: str) -> None:
    message.was_acknowledged(context.desk.now, by)
    case.save(message)
    context.announcer.acknowledged(message)
