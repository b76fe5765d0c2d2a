"""Keep new messages and say at once which of them are refused; shared by all use cases that tell somebody."""

from __future__ import annotations

from collections.abc import Iterable

from services.notify.messages.model import Message, State
from services.notify.ports import Announcer, Messages


def tell_people(messages: Messages, announcer: Announcer, planned: Iterable[Message]) -> list[Message]:
    """Add those that are not there yet: one cause tells one recipient once, however often it is heard."""
    new = [message for message in planned if messages.find(message.id) is None]
    for message in new:
        messages.add(message)
        if message.state is State.REFUSED:
            announcer.refused(message)
    return new
