"""Acknowledge a message: an operator or a duty officer has read it."""

from __future__ import annotations

from typing import Any

from ngao.chassis.handlers import http, itself
from services.notify.context import Context
from services.notify.ladders.case_alarms import CaseAlarms
from services.notify.ladders.model import acknowledged_with, alarm_beside
from services.notify.messages.model import Message, State
from services.notify.messages.publishing import publish_acknowledged
from services.notify.messages.read import known_message
from services.notify.messages.responses import MessageShown, show_message


@http.post(
    "/v1/messages/<message_id>/acknowledge",
    roles="operator",
    scope="messages:write",
    audit=itself("message.acknowledged"),
    returns=MessageShown,
    operation="acknowledgeMessage",
    summary="Acknowledge a message and stop its ladder.",
)
def acknowledge(ctx: Context, message_id: str) -> dict[str, Any]:
    """Acknowledge a message for the caller. Repeating this has no effect. Raises NotFound."""
    message = acknowledge_message(ctx, message_id, ctx.actor.id)
    ctx.audit("message.acknowledged", subject=message_id)
    return show_message(message)


def acknowledge_message(ctx: Context, message_id: str, by: str) -> Message:
    """Acknowledge a message and what it covers, and stop every escalation of its cause. Repeating this has no effect.

    For a message on no ladder, such as the owner's, the alarm about the same event is acknowledged, too. Raises NotFound.
    """
    known = known_message(ctx, message_id)
    if known.state is State.ACKNOWLEDGED:
        return known
    case_alarms = CaseAlarms(ctx, known.case_ref)
    message = case_alarms.loaded(known)
    if alarm := message if message.ladder else alarm_beside(message, case_alarms.alarms):
        _acknowledge_alarm(ctx, case_alarms, alarm, by)
    if message.state is not State.ACKNOWLEDGED:
        _acknowledge(ctx, case_alarms, message, by)
    case_alarms.store()
    return message


def _acknowledge_alarm(ctx: Context, case_alarms: CaseAlarms, alarm: Message, by: str) -> None:
    """Acknowledge one alarm, with every message that its acknowledgement covers."""
    for other in acknowledged_with(ctx.situation, alarm, case_alarms.alarms):
        if other.cause == alarm.cause:
            other.stop_asking(ctx.now)
            case_alarms.save(other)
        else:
            _acknowledge(ctx, case_alarms, other, by)
    if alarm.state is not State.ACKNOWLEDGED:
        _acknowledge(ctx, case_alarms, alarm, by)


def _acknowledge(ctx: Context, case_alarms: CaseAlarms, message: Message, by: str) -> None:
    message.was_acknowledged(ctx.now, by)
    case_alarms.save(message)
    publish_acknowledged(ctx, message)
