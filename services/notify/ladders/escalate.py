"""Tell the next human when a message was not acknowledged in time."""

from __future__ import annotations

from functools import partial

from ngao.chassis.handlers import every
from ngao.chassis.observability.logs import get_logger
from services.notify.context import Context, NotifyParts
from services.notify.ladders.case_alarms import CaseAlarms
from services.notify.ladders.planning import climb, end_of_ladder
from services.notify.messages.model import Message, State
from services.notify.messages.publishing import publish_failed

NOBODY_LEFT = "operator"
_AT_ONCE = 100
_log = get_logger("notify")


@every(seconds=5)
def escalate_due(parts: NotifyParts) -> None:
    """Ask the next human wherever an acknowledgement did not come in time."""
    for message_id in parts.read().messages.overdue(parts.clock.now(), parts.policy.furthest, _AT_ONCE):
        told = parts.run(partial(escalate_message, message_id=message_id))
        _log.warning("message.not_acknowledged", message_id=message_id, count=len(told))


def escalate_message(ctx: Context, message_id: str) -> list[Message]:
    """Climb one step from this message if its deadline has passed; acknowledged ones have none and stay where they are.

    The last person is reminded only of what has gone out: while the mail account is refused, the deadline moves on.
    """
    situation, found = ctx.situation, ctx.messages.find(message_id)
    if found is None or found.escalate_at is None or not ctx.policy.is_over(found.escalate_at, ctx.now):
        return []
    case = CaseAlarms(ctx, found.case_ref)
    message = case.its(found)
    next_step = climb(situation, message, message.position + 1, case.standing)
    within = ctx.policy.within(message.ladder, message.position)
    asks_another = any(each.recipient != message.recipient for each in next_step.all)
    if message.has_not_left and within and not asks_another:
        message.escalate_at = ctx.now + within
        case.save(message)
        case.close()
        return []
    told = [*case.apply(next_step), *next_step.changed]
    message.stop_waiting(ctx.now, "escalated" if told else "ladder_ended")
    case.save(message)
    if not next_step.asks:
        told += end_ladder(ctx, case, message.cause)
    case.close()
    return told


def end_ladder(ctx: Context, case: CaseAlarms, root: str) -> list[Message]:
    """What a ladder covered asks for itself, or has failed: nothing is covered by an alarm that asks nobody any more."""
    changes = end_of_ladder(ctx.situation, root, case.standing)
    for lost in changes.changed:
        if lost.state is State.FAILED:
            publish_failed(ctx, lost, next_step=NOBODY_LEFT)
    told = case.apply(changes)
    return told + [each for each in changes.changed if each.state is State.QUEUED]
