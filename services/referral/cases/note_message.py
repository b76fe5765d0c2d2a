"""Add notify's messages to the case's timeline: to whom they were sent, or why not.

The first operator to acknowledge an alarm of a case owns it.
"""

from __future__ import annotations

import re

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
from ngao.kernel.references import CASE_REF
from services.referral.cases.announcing import store_case
from services.referral.cases.changes import REFERRAL
from services.referral.cases.finding import known_or_new
from services.referral.cases.owning import ACKNOWLEDGED, may_own
from services.referral.cases.timeline import Step
from services.referral.context import Context

_ALARMED = "duty_officer"
"""The kind of recipient that alarms have."""
_SENTENCES: dict[type[MessageEvent], str] = {
    MessageSent: "Notified {who}: {what}.",
    MessageDelivered: "{what} has reached {who}.",
    MessageFailed: "{what} could not be sent to {who}: {reason}.",
    MessageRefused: "{who} is not notified ({what}): {reason}.",
    MessageAcknowledged: "{what} to {who} was acknowledged ({reason}).",
}


@on(MessageSent, MessageDelivered, MessageFailed, MessageRefused, MessageAcknowledged)
def note_message(ctx: Context, event: MessageEvent, envelope: Event) -> None:
    """Add the message to the timeline, by reference. An acknowledgement may also give the case its owner."""
    reason = _reason(event)
    who = f"{event.recipient_kind.replace('_', ' ')} {event.recipient_ref}"
    text = _SENTENCES[type(event)].format(who=who, what=event.template, reason=reason)
    what = event.type_name.removeprefix("notify.").removesuffix(".v1")
    ctx.timeline.note(event.case_ref, Step(envelope.time, what, str(Actor.service("notify")), text, reason=reason))
    if isinstance(event, MessageAcknowledged) and event.recipient_kind == _ALARMED:
        _give_to_first(ctx, event)


def _give_to_first(ctx: Context, event: MessageAcknowledged) -> None:
    """Give a case that no one owns to the operator who acknowledged its alarm; notify lets operators alone acknowledge.

    The acknowledgement may come before the report itself. An alarm about the quarantine has a reference that is no case.
    """
    if not re.fullmatch(CASE_REF, event.case_ref) or not may_own(event.by):
        return
    case = known_or_new(ctx, event.case_ref)
    if case.owner is None:
        case.give_to(event.by, ctx.now, reason=ACKNOWLEDGED, actor=REFERRAL)
        store_case(ctx, case)


def _reason(event: MessageEvent) -> str:
    match event:
        case MessageFailed() | MessageRefused():
            return event.reason
        case MessageAcknowledged():
            return event.by
    return ""
