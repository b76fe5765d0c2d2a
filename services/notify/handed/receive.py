"""Keep an address that was handed over until its message is sent, and do what a refusal says."""

from __future__ import annotations

from datetime import timedelta

from ngao.chassis.handlers import every, on
from ngao.contracts.events.registry import AddressHanded, AddressRefused
from services.notify.context import Context, NotifyParts
from services.notify.handed.model import Handed
from services.notify.messages.model import Message, State
from services.notify.messages.publishing import publish_refused

ASK_AGAIN = timedelta(minutes=5)
"""A message that has to wait asks again after so long: shorter than any hours that a person would state."""


@on(AddressHanded)
def keep_address(ctx: Context, handed: AddressHanded) -> None:
    """Keep the box and send the message now. One for an earlier request, or of a message that does not wait, is dropped."""
    message = _waiting(ctx, handed.message_id, handed.ask_id)
    if message is None or ctx.now >= handed.until:
        return
    known = ctx.handed.get(message.id)
    box = Handed(
        message.id, handed.ask_id, handed.case_ref, handed.channel, handed.key_id, handed.until, handed.box.encode(),
        known.revision if known else 0,
    )  # fmt: skip
    ctx.handed.save(box)
    message.address_came(ctx.now)
    ctx.messages.save(message)


@on(AddressRefused)
def follow_refusal(ctx: Context, refused: AddressRefused) -> None:
    """Wait and ask again, or do not send the message at all. A refusal of an earlier request changes nothing."""
    message = _waiting(ctx, refused.message_id, refused.ask_id)
    if message is None:
        return
    if refused.wait:
        message.wait_for_address(ctx.now, ctx.now + ASK_AGAIN, refused.reason)
    else:
        message.was_refused(ctx.now, refused.reason)
        publish_refused(ctx, message)
    ctx.messages.save(message)


@every(seconds=60)
def drop_expired_addresses(parts: NotifyParts) -> None:
    """Delete boxes that no message has used in time."""
    parts.handed.purge(parts.clock.now())


def _waiting(ctx: Context, message_id: str, ask_id: str) -> Message | None:
    message = ctx.messages.get(message_id)
    return message if message and message.state is State.QUEUED and message.asked == ask_id else None
