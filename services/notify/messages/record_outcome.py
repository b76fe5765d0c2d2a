"""Record the channel's answer, and notify the next person when a message has failed."""

from __future__ import annotations

from datetime import timedelta

from services.notify.channels.outgoing import Outcome, Result
from services.notify.context import Context
from services.notify.ladders.case_alarms import CaseAlarms
from services.notify.ladders.escalate import OPERATOR, ask_next
from services.notify.ladders.model import is_answered
from services.notify.ladders.planning import escalate, instead_of, raise_alarm
from services.notify.messages.model import Message, State
from services.notify.messages.publishing import ask_for_address, publish_failed, publish_sent
from services.notify.messages.refusals import ADDRESS_WANTED, NOT_HANDED, TRIES_EXHAUSTED

AGAIN = timedelta(seconds=1)
"""The wait after a refusal of the whole account; `MailAccount` decides how often the account is tried."""


def record_outcome(ctx: Context, leased: Message, outcome: Outcome) -> None:
    """Record the outcome of a leased message. Nothing changes if another sender has leased it or it was acknowledged."""
    message = ctx.messages.get(leased.id)
    if message is None or not message.is_leased_by(leased.lease or ""):
        return
    if outcome.reason == ADDRESS_WANTED:
        if ctx.now - message.created_at > ctx.policy.hand_over_within:
            _fail(ctx, message, Outcome(Result.PERMANENT_FAILURE, message.reason or NOT_HANDED))
            return
        ask_for_address(ctx, message)
    elif outcome.result is Result.ACCEPTED:
        message.was_sent(ctx.now, ctx.policy.within(message.ladder, message.position))
        publish_sent(ctx, message)
    elif outcome.result is Result.TRANSIENT_FAILURE and _was_answered(ctx, message):
        return
    elif outcome.result is Result.TRANSIENT_FAILURE and outcome.for_all:
        message.wait_for_account(ctx.now, ctx.now + AGAIN, outcome.reason)
    elif outcome.result is Result.TRANSIENT_FAILURE and (due := ctx.policy.next_try(message.attempts, ctx.now)):
        message.try_later(ctx.now, due, outcome.reason)
    else:
        _fail(ctx, message, outcome)
        return
    ctx.messages.save(message)


def _was_answered(ctx: Context, found: Message) -> bool:
    """Do not try an alarm again that was answered while it was tried: it would seem to be a new one."""
    if found.ladder is None or found.escalate_at:
        return False
    case_alarms = CaseAlarms(ctx, found.case_ref)
    message = case_alarms.loaded(found)
    if not is_answered(message, case_alarms.alarms):
        return False
    message.was_answered(ctx.now)
    case_alarms.save(message)
    case_alarms.store()
    return True


def _fail(ctx: Context, found: Message, outcome: Outcome) -> None:
    case_alarms = CaseAlarms(ctx, found.case_ref)
    message = case_alarms.loaded(found)
    message.has_failed(ctx.now, TRIES_EXHAUSTED if outcome.result is Result.TRANSIENT_FAILURE else outcome.reason)
    notified = _notify_instead(ctx, case_alarms, message)
    case_alarms.save(message)
    publish_failed(ctx, message, next_step=_name(notified))
    case_alarms.store()


def _notify_instead(ctx: Context, case_alarms: CaseAlarms, message: Message) -> list[Message]:
    situation = ctx.situation
    if message.ladder is None:
        return case_alarms.apply(raise_alarm(situation, instead_of(situation, message), case_alarms.alarms))
    if message.escalate_at is None:
        return []  # the next one is asked already
    next_step = escalate(situation, message, message.position + 1, case_alarms.alarms)
    return ask_next(ctx, case_alarms, message, next_step, at_end="escalated")


def _name(notified: list[Message]) -> str:
    """Return who is notified instead. When no one is left, the operator finds it among the failed messages."""
    asked = (str(message.recipient) for message in notified if message.state in {State.QUEUED, State.COVERED})
    return next(asked, OPERATOR)
