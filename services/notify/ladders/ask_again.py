"""Ask about what reached nobody, as soon as somebody can be reached."""

from __future__ import annotations

from functools import partial

from services.notify.context import Context, NotifyParts
from services.notify.ladders.case_alarms import CaseAlarms
from services.notify.ladders.model import AlarmState, state_of, to_ask_again, unseen
from services.notify.messages.model import Message

_AT_ONCE = 200


def ask_all_again(parts: NotifyParts) -> None:
    """Ask about the cases whose alarm reached nobody: somebody is on the roster now."""
    for case_ref in parts.read().alarms.unheard(_AT_ONCE):
        parts.run(partial(ask_again, case_ref=case_ref))


def ask_again(ctx: Context, case_ref: str) -> Message | None:
    """Send the gravest alarm of a case that is unheard to whom it could not reach; its ladder climbs on from there.

    It asks for everything of the case that nobody has acknowledged.
    """
    situation, case = ctx.situation, CaseAlarms(ctx, case_ref)
    message = to_ask_again(situation, case.standing) if state_of(case.standing) is AlarmState.UNHEARD else None
    contact = situation.roster(message.recipient) if message else None
    within = ctx.policy.within(message.ladder, message.position) if message else None
    if message and contact and within:
        for other in unseen(case.standing):
            if message.cause not in {other.cause, other.covered_by}:
                other.cover(ctx.now, message.cause)
                case.save(other)
        message.ask_again(ctx.now, contact.channel, within)
        case.save(message)
    case.close()
    return message
