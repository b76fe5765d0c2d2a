"""Tell the next human when a message was not acknowledged in time."""

from __future__ import annotations

from services.notify.application.ports import Announcer, Messages
from services.notify.application.tell_people import tell_people
from services.notify.domain.message import Message
from services.notify.domain.planning import Desk, climb


def escalate_message(messages: Messages, announcer: Announcer, desk: Desk, message_id: str) -> list[Message]:
    """Climb one step from this message if its deadline has passed; acknowledged ones have none and stay where they are."""
    message = messages.find(message_id)
    if message is None or message.escalate_at is None or not desk.policy.is_over(message.escalate_at, desk.now):
        return []
    told = tell_people(messages, announcer, climb(desk, message, message.position + 1))
    message.stop_waiting(desk.now, "escalated" if told else "ladder_ended")
    messages.save(message)
    return told
