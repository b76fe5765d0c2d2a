"""Store new messages, and publish the progress of each: references and codes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from ngao.contracts.events.notify import (
    AddressRequested,
    MessageAcknowledged,
    MessageEvent,
    MessageFailed,
    MessageRefused,
    MessageSent,
)
from services.notify.context import Context
from services.notify.messages.model import Message, State


def queue_messages(ctx: Context, planned: Iterable[Message]) -> list[Message]:
    """Add the messages that do not exist yet: a cause notifies a recipient once, however often it is handled."""
    new = [message for message in planned if ctx.messages.get(message.id) is None]
    for message in new:
        ctx.messages.save(message)
        if message.state is State.REFUSED:
            publish_refused(ctx, message)
    return new


UNANSWERED = timedelta(minutes=2)
"""After so long without an answer the address is asked for again."""


def ask_for_address(ctx: Context, message: Message) -> None:
    """Ask the registry for the address of one message. It is not sent before that comes."""
    request = message.ask_for_address(ctx.now, ctx.now + UNANSWERED)
    wanted = AddressRequested(message_id=message.id, ask_id=request, case_ref=message.case_ref, channel=message.channel)
    ctx.publish(wanted, subject=message.case_ref, urgent=message.urgent)


def publish_sent(ctx: Context, message: Message) -> None:
    """Publish that the channel accepted a message."""
    _publish(ctx, message, MessageSent(**_named(message), policy_version=message.policy_version))


def publish_failed(ctx: Context, message: Message, next_step: str) -> None:
    """Publish that a message has failed, and who is notified instead."""
    _publish(ctx, message, MessageFailed(**_named(message), reason=message.reason, next_step=next_step))


def publish_refused(ctx: Context, message: Message) -> None:
    """Publish that a message will not be sent."""
    payload = MessageRefused(**_named(message), reason=message.reason, policy_version=message.policy_version)
    _publish(ctx, message, payload)


def publish_acknowledged(ctx: Context, message: Message) -> None:
    """Publish that a message was acknowledged."""
    _publish(ctx, message, MessageAcknowledged(**_named(message), by=message.acknowledged_by or ""))


def _publish(ctx: Context, message: Message, payload: MessageEvent) -> None:
    ctx.publish(payload, subject=message.case_ref, urgent=message.urgent)


def _named(message: Message) -> dict[str, Any]:
    return {
        "message_id": message.id,
        "case_ref": message.case_ref,
        "cause": message.cause,
        "recipient_kind": message.recipient.kind,
        "recipient_ref": message.recipient.ref,
        "template": message.template,
        "channel": message.channel,
    }
