"""Send what is due: claim, write the letter, hand it to the channel, record. No store is held open meanwhile.

Mail goes out at least once. A sender that dies between the channel's yes and the record leaves a lease behind; when it
runs out the same letter is sent again, with the same Message-ID.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial

from ngao.chassis.handlers import every
from ngao.chassis.observability.logs import get_logger
from services.notify.channels.account import Account
from services.notify.channels.channel import Channel
from services.notify.channels.letter import Letter, Outcome, Result
from services.notify.context import NotifyParts
from services.notify.messages.model import Message
from services.notify.messages.record_outcome import record_outcome
from services.notify.messages.refusals import NO_ADDRESS
from services.notify.messages.store import ClaimQueue
from services.notify.messages.templates import Templates
from services.notify.roster.store import RosterRepository

# Longer than a conversation can last in which every answer takes the channel's whole timeout.
LEASE = timedelta(minutes=3)
TURN = timedelta(seconds=5)

Record = Callable[[Message, Outcome], None]
_log = get_logger("notify")


class Post:
    """What writes letters and hands them over."""

    def __init__(self, templates: Templates, link: str, channels: Mapping[str, Channel], roster: RosterRepository) -> None:
        self._templates = templates
        self._link = link
        self._channels = channels
        self._roster = roster

    def deliver(self, message: Message) -> Outcome:
        """Write the letter in the reader's language and try once to hand it over."""
        contact = self._roster.contact(message.recipient)
        address = self._roster.address(message.recipient)
        if contact is None or address is None or message.channel not in self._channels:
            return Outcome(Result.NEVER, NO_ADDRESS)
        text = self._templates.render(message.template, contact.language, reference=message.reference, link=self._link)
        return self._channels[message.channel].send(Letter(message.id, address, text.subject, text.body))


@every(seconds=0.5)
def send_due(parts: NotifyParts) -> None:
    """Send what is due, urgent first."""
    _turn(parts, urgent_only=False)


@every(seconds=0.5)
def send_urgent(parts: NotifyParts) -> None:
    """Send urgent messages in a lane of their own, so that a slow mail server with a routine one does not hold them."""
    _turn(parts, urgent_only=True)


def _turn(parts: NotifyParts, *, urgent_only: bool) -> None:
    post = Post(parts.policy.templates, parts.link, parts.channels, parts.read().roster)
    send_for_one_turn(parts.claims, post, parts.account, partial(_record, parts), parts.clock.now, urgent_only=urgent_only)


def _record(parts: NotifyParts, message: Message, outcome: Outcome) -> None:
    parts.run(lambda ctx: record_outcome(ctx, message, outcome))
    _log.info(
        "message.tried", message_id=message.id, case_ref=message.case_ref, template=message.template,
        result=str(outcome.result), reason=outcome.reason or None, attempt=message.attempts,
    )  # fmt: skip


def send_for_one_turn(
    claims: ClaimQueue, post: Post, account: Account, record: Record, clock: Callable[[], datetime], *, urgent_only: bool = False
) -> int:
    """Send due messages for one turn, the most urgent first each time; returns how many were tried.

    A turn is bounded, so that a stopping service does not wait for a long queue; it ends where no letter would get through,
    and the rest wait for their turn until the server is back.
    """
    tried, ends = 0, clock() + TURN
    while account.may_try(clock()) and clock() < ends:
        message = claims.claim(clock(), LEASE, urgent_only=urgent_only, oldest_first=account.is_refused)
        if message is None:
            break
        outcome = post.deliver(message)
        record(message, outcome)
        account.note(outcome, clock())
        tried += 1
    return tried
