"""Write down what the channel answered, and tell the next human when a message is lost."""

from __future__ import annotations

from datetime import timedelta

from services.notify.channels.letter import Outcome, Result
from services.notify.context import Context
from services.notify.ladders.case_alarms import CaseAlarms
from services.notify.ladders.escalate import NOBODY_LEFT, end_ladder
from services.notify.ladders.planning import climb, instead_of, raise_alarm
from services.notify.messages.model import Message, State
from services.notify.messages.publishing import publish_failed, publish_sent
from services.notify.messages.refusals import GIVEN_UP

AGAIN = timedelta(seconds=1)
"""After a refusal of the whole account; how often the account is tried is `Account`'s to say."""


def record_outcome(ctx: Context, claimed: Message, outcome: Outcome) -> None:
    """Move a claimed message on; one whose lease another sender has taken meanwhile, or that a human has seen, stays."""
    message = ctx.messages.find(claimed.id)
    if message is None or not message.is_held_by(claimed.lease or ""):
        return
    if outcome.result is Result.TAKEN:
        message.was_sent(ctx.now, ctx.policy.within(message.ladder, message.position))
        publish_sent(ctx, message)
    elif outcome.result is Result.NOT_NOW and outcome.for_all:
        message.wait_for_account(ctx.now, ctx.now + AGAIN, outcome.reason)
    elif outcome.result is Result.NOT_NOW and (due := ctx.policy.next_try(message.attempts, ctx.now)):
        message.try_later(ctx.now, due, outcome.reason)
    else:
        _lose(ctx, message, outcome)
        return
    ctx.messages.save(message)


def _lose(ctx: Context, lost: Message, outcome: Outcome) -> None:
    case = CaseAlarms(ctx, lost.case_ref)
    message = case.its(lost)
    message.has_failed(ctx.now, GIVEN_UP if outcome.result is Result.NOT_NOW else outcome.reason)
    told = _tell_instead(ctx, case, message)
    case.save(message)
    publish_failed(ctx, message, next_step=_name(told))
    case.close()


def _tell_instead(ctx: Context, case: CaseAlarms, message: Message) -> list[Message]:
    situation = ctx.situation
    if message.ladder is None:
        return case.apply(raise_alarm(situation, instead_of(situation, message), case.standing))
    if message.escalate_at is None:
        return []  # the next one is asked already
    next_step = climb(situation, message, message.position + 1, case.standing)
    told = [*case.apply(next_step), *next_step.changed]
    message.stop_waiting(ctx.now, "escalated")
    if next_step.asks:
        return told
    return told + end_ladder(ctx, case, message.cause)


def _name(told: list[Message]) -> str:
    """Who is told instead; when nobody is left, the operator finds it among the failed messages."""
    reached = (str(message.recipient) for message in told if message.state in {State.QUEUED, State.COVERED})
    return next(reached, NOBODY_LEFT)
