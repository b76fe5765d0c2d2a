"""Write down what the channel answered, and tell the next human when a message is lost."""

from __future__ import annotations

from datetime import timedelta

from services.notify.channels.letter import Outcome, Result
from services.notify.context import Context
from services.notify.ladders.case_alarms import CaseAlarms
from services.notify.ladders.escalate import NOBODY_LEFT, end_ladder
from services.notify.ladders.planning import climb, instead_of, raise_alarm
from services.notify.messages.model import Message, State
from services.notify.messages.refusals import GIVEN_UP

AGAIN = timedelta(seconds=1)
"""After a refusal of the whole account; how often the account is tried is `Account`'s to say."""


def record_outcome(context: Context, claimed: Message, outcome: Outcome) -> None:
    """Move a claimed message on; one whose lease another sender has taken meanwhile, or that a human has seen, stays."""
    desk, message = context.desk, context.messages.find(claimed.id)
    if message is None or not message.is_held_by(claimed.lease or ""):
        return
    if outcome.result is Result.TAKEN:
        message.was_sent(desk.now, desk.policy.within(message.ladder, message.position))
        context.announcer.sent(message)
    elif outcome.result is Result.NOT_NOW and outcome.for_all:
        message.wait_for_account(desk.now, desk.now + AGAIN, outcome.reason)
    elif outcome.result is Result.NOT_NOW and (due := desk.policy.next_try(message.attempts, desk.now)):
        message.try_later(desk.now, due, outcome.reason)
    else:
        _lose(context, message, outcome)
        return
    context.messages.save(message)


def _lose(context: Context, lost: Message, outcome: Outcome) -> None:
    case = CaseAlarms(context, lost.case_ref)
    message = case.its(lost)
    message.has_failed(context.desk.now, GIVEN_UP if outcome.result is Result.NOT_NOW else outcome.reason)
    told = _tell_instead(context, case, message)
    case.save(message)
    context.announcer.failed(message, next_step=_name(told))
    case.close()


def _tell_instead(context: Context, case: CaseAlarms, message: Message) -> list[Message]:
    desk = context.desk
    if message.ladder is None:
        return case.apply(raise_alarm(desk, instead_of(desk, message), case.standing))
    if message.escalate_at is None:
        return []  # the next one is asked already
    next_step = climb(desk, message, message.position + 1, case.standing)
    told = [*case.apply(next_step), *next_step.changed]
    message.stop_waiting(desk.now, "escalated")
    if next_step.asks:
        return told
    return told + end_ladder(context, case, message.cause)


def _name(told: list[Message]) -> str:
    """Who is told instead; when nobody is left, the operator finds it among the failed messages."""
    reached = (str(message.recipient) for message in told if message.state in {State.QUEUED, State.COVERED})
    return next(reached, NOBODY_LEFT)
