"""Store new messages and publish which of them are refused. All use cases that notify people share this."""

from __future__ import annotations

from collections.abc import Iterable

from services.notify.context import Context
from services.notify.messages.model import Message, State
from services.notify.messages.publishing import publish_refused


def queue_messages(ctx: Context, planned: Iterable[Message]) -> list[Message]:
    """Add the messages that do not exist yet: a cause notifies a recipient once, however often it is handled."""
    new = [message for message in planned if ctx.messages.find(message.id) is None]
    for message in new:
        ctx.messages.add(message)
        if message.state is State.REFUSED:
            publish_refused(ctx, message)
    return new
