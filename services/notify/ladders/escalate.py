"""Notify the next person when a message was not acknowledged in time."""

from __future__ import annotations

from ngao.chassis.handlers import every
from ngao.chassis.observability.logs import get_logger
from services.notify.context import Context, NotifyParts
from services.notify.ladders.case_alarms import CaseAlarms
from services.notify.ladders.planning import Changes, end_of_ladder, escalate
from services.notify.messages.model import Message, State
from services.notify.messages.publishing import publish_failed

OPERATOR = "operator"
_AT_ONCE = 100
_log = get_logger("notify")


@every(seconds=5)
def escalate_due(parts: NotifyParts) -> None:
    """Ask the next person about every message whose acknowledgement did not come in time. One that fails keeps no other."""
    overdue = parts.read().messages.overdue(parts.clock.now(), parts.policy.furthest, _AT_ONCE)
    for message_id, notified in parts.each(overdue, escalate_message, "deadline.failed").items():
        _log.warning("message.not_acknowledged", message_id=message_id, count=len(notified))


def escalate_message(ctx: Context, message_id: str) -> list[Message]:
    """Escalate this message by one step if its deadline has passed. Acknowledged messages have no deadline.

    The last person who can be reached is reminded only of what has been sent: while the mail account is refused, the deadline
    is postponed.
    """
    situation, found = ctx.situation, ctx.messages.get(message_id)
    if found is None or found.escalate_at is None or not ctx.policy.is_over(found.escalate_at, ctx.now):
        return []
    case_alarms = CaseAlarms(ctx, found.case_ref)
    message = case_alarms.loaded(found)
    next_step = escalate(situation, message, message.position + 1, case_alarms.alarms)
    within = ctx.policy.within(message.ladder, message.position)
    asks_another = any(other.recipient != message.recipient for other in next_step.all if other.state is State.QUEUED)
    if message.has_not_left and within and not asks_another:
        message.wait_to_leave(ctx.now, within)
        case_alarms.save(message)
        case_alarms.store()
        return []
    notified = ask_next(ctx, case_alarms, message, next_step, at_end="ladder_ended")
    case_alarms.store()
    return notified


def ask_next(ctx: Context, case_alarms: CaseAlarms, message: Message, step: Changes, *, at_end: str) -> list[Message]:
    """Take the next step of a message's ladder; `at_end` is noted when there is none. Returns those who are notified."""
    notified = [*case_alarms.apply(step), *step.changed]
    message.stop_waiting(ctx.now, "escalated" if notified else at_end)
    case_alarms.save(message)
    return notified if step.asks else notified + _end_ladder(ctx, case_alarms, message.cause)


def _end_ladder(ctx: Context, case_alarms: CaseAlarms, cause: str) -> list[Message]:
    """Queue or fail what a ladder covered, because an alarm that asks no one any more must not cover anything."""
    changes = end_of_ladder(ctx.situation, cause, case_alarms.alarms)
    for message in changes.changed:
        if message.state is State.FAILED:
            publish_failed(ctx, message, next_step=OPERATOR)
    notified = case_alarms.apply(changes)
    return notified + [message for message in changes.changed if message.state is State.QUEUED]
