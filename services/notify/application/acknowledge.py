"""A human says: I have seen it."""

from __future__ import annotations

from datetime import datetime

from ngao.chassis.errors import NotFound
from services.notify.application.ports import Announcer, Messages
from services.notify.domain.message import Message, State


def acknowledge(messages: Messages, announcer: Announcer, message_id: str, by: str, now: datetime) -> Message:
    """Mark a message as seen and stop every escalation of its cause; a second time changes nothing.

    Raises NotFound.
    """
    message = messages.find(message_id)
    if message is None:
        raise NotFound("There is no such message.")
    if message.state is State.ACKNOWLEDGED:
        return message
    for other in messages.awaited(message.cause):
        if other.id != message.id:
            other.stop_waiting(now, "answered_by_another")
            messages.save(other)
    message.was_acknowledged(now, by)
    messages.save(message)
    announcer.acknowledged(message)
    return message
