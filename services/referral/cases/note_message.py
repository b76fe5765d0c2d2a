"""Add notify's messages to the case's timeline: to whom they were sent, or why not."""

from __future__ import annotations

from ngao.chassis.handlers import on
from ngao.contracts import Event
from ngao.contracts.events.notify import (
    MessageAcknowledged,
    MessageDelivered,
    MessageEvent,
    MessageFailed,
    MessageRefused,
    MessageSent,
)
from ngao.kernel.actors import Actor
from services.referral.cases.timeline import Step
from services.referral.context import Context

_SENTENCES: dict[type[MessageEvent], str] = {
    MessageSent: "Notified {who}: {what}.",
    MessageDelivered: "{what} has reached {who}.",
    MessageFailed: "{what} could not be sent to {who}: {reason}.",
    MessageRefused: "{who} is not notified ({what}): {reason}.",
    MessageAcknowledged: "{what} to {who} was acknowledged ({reason}).",
}


@on(MessageSent, MessageDelivered, MessageFailed, MessageRefused, MessageAcknowledged)
def note_message(ctx: Context, event: MessageEvent, envelope: Event) -> None:
    """Add the message to the timeline: its recipient and template, by reference."""
    reason = _reason(event)
    who = f"{event.recipient_kind.replace('_', ' ')} {event.recipient_ref}"
    text = _SENTENCES[type(event)].format(who=who, what=event.template, reason=reason)
    what = event.type_name.removeprefix("notify.").removesuffix(".v1")
    ctx.timeline.note(event.case_ref, Step(envelope.time, what, str(Actor.service("notify")), text, reason=reason))


def _reason(event: MessageEvent) -> str:
    match event:
        case MessageFailed() | MessageRefused():
            return event.reason
        case MessageAcknowledged():
            return event.by
    return ""
