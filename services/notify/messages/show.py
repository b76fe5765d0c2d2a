"""Show one message to an operator."""

from __future__ import annotations

from ngao.chassis.errors import NotFound
from services.notify.messages.model import Message
from services.notify.ports import Messages


def tell_message(messages: Messages, message_id: str) -> Message:
    """One message with its history; raises NotFound."""
    message = messages.find(message_id)
    if message is None:
        raise NotFound("There is no such message.")
    return message
