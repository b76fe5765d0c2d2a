"""Tell the next human when a message was not acknowledged in time."""

from __future__ import annotations

from services.notify.context import Context
from services.notify.ladders.case_alarms import CaseAlarms
from services.notify.ladders.planning import climb, end_of_ladder
from services.notify.messages.model import Message, State

NOBODY_LEFT = "operator"


def escalate_message(context: Context, message_id: str) -> list[Message]:
    """Climb one step from this message if its deadline has passed; acknowledged ones have none and stay where they are.

    The last person is reminded only of what has gone out: while the mail account is refused, the deadline moves on.
    """
    desk, found = context.desk, context.messages.find(message_id)
    if found is None or found.escalate_at is None or not desk.policy.is_over(found.escalate_at, desk.now):
        return []
    case = CaseAlarms(context, found.case_ref)
    message = case.its(found)
    next_step = climb(desk, message, message.position + 1, case.standing)
    within = desk.policy.within(message.ladder, message.position)
    asks_another = any(each.recipient != message.recipient for each in next_step.all)
    if message.has_not_left and within and not asks_another:
        message.escalate_at = desk.now + within
        case.save(message)
        case.close()
        return []
    told = [*case.apply(next_step), *next_step.changed]
    message.stop_waiting(desk.now, "escalated" if told else "ladder_ended")
    case.save(message)
    if not next_step.asks:
        told += end_ladder(context, case, message.cause)
    case.close()
    return told


def end_ladder(context: Context, case: CaseAlarms, root: str) -> list[Message]:
    """What a ladder covered asks for itself, or has failed: nothing is covered by an alarm that asks nobody any more."""
    changes = end_of_ladder(context.desk, root, case.standing)
    for lost in changes.changed:
        if lost.state is State.FAILED:
            context.announcer.failed(lost, next_step=NOBODY_LEFT)
    told = case.apply(changes)
    return told + [each for each in changes.changed if each.state is State.QUEUED]
