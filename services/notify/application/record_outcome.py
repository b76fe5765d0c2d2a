"""Write down what the channel answered, and tell the next human when a message is lost."""

from __future__ import annotations

from services.notify.application.ports import Announcer, Messages
from services.notify.application.tell_people import tell_people
from services.notify.domain.letter import Outcome, Result
from services.notify.domain.message import Message, State
from services.notify.domain.planning import Desk, tell_instead
from services.notify.domain.refusals import GIVEN_UP

NOBODY_LEFT = "operator"


def record_outcome(messages: Messages, announcer: Announcer, desk: Desk, claimed: Message, outcome: Outcome) -> None:
    """Move a claimed message on; one whose lease another sender has taken meanwhile, or that a human has seen, stays."""
    message = messages.find(claimed.id)
    if message is None or not message.is_held_by(claimed.lease or ""):
        return
    if outcome.result is Result.TAKEN:
        message.was_sent(desk.now)
        announcer.sent(message)
    elif outcome.result is Result.NOT_NOW and (due := desk.policy.next_try(message.attempts, desk.now)):
        message.try_later(desk.now, due, outcome.reason)
    else:
        _lose(messages, announcer, desk, message, outcome)
    messages.save(message)


def _lose(messages: Messages, announcer: Announcer, desk: Desk, message: Message, outcome: Outcome) -> None:
    reason = GIVEN_UP if outcome.result is Result.NOT_NOW else outcome.reason
    message.has_failed(desk.now, reason)
    awaited = message.ladder is None or message.escalate_at is not None
    told = tell_people(messages, announcer, tell_instead(desk, message)) if awaited else []
    if message.escalate_at:
        message.stop_waiting(desk.now, "escalated")
    announcer.failed(message, next_step=_name(told))


def _name(told: list[Message]) -> str:
    """Who is told instead; when nobody is left, the operator finds it among the failed messages."""
    return next((str(message.recipient) for message in told if message.state is State.QUEUED), NOBODY_LEFT)
