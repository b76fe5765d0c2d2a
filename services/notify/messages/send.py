"""Send due messages: lease, render, hand to the channel, record. No transaction is open meanwhile.

Mail is sent at least once. A sender that dies between the channel's answer and the record leaves a lease behind. When it
expires, the same message is sent again, with the same Message-ID.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from ngao.chassis.errors import Unavailable
from ngao.chassis.handlers import every
from ngao.chassis.observability.logs import describe_error, get_logger
from services.notify.channels.account import MailAccount
from services.notify.channels.channel import Channel
from services.notify.channels.outgoing import Outcome, OutgoingMessage, Result
from services.notify.context import NotifyParts
from services.notify.handed.opening import HandedAddresses
from services.notify.messages.model import Message
from services.notify.messages.record_outcome import record_outcome
from services.notify.messages.refusals import ADDRESS_WANTED, NO_ADDRESS, NO_TEMPLATE, NOT_WRITTEN, UNSEEN_BY_SERVER
from services.notify.messages.store import DueMessages
from services.notify.messages.templates import Templates
from services.notify.roster.model import DEFENDER
from services.notify.roster.store import RosterRepository

# Longer than a conversation in which every answer takes the channel's whole timeout.
LEASE = timedelta(minutes=3)
TURN = timedelta(seconds=5)

Record = Callable[[Message, Outcome], None]
_log = get_logger("notify")


@dataclass(frozen=True)
class Sender:
    """Renders messages and hands them to a channel. `instead` is the template of an alarm whose own the policy no longer has."""

    templates: Templates
    link: str
    channels: Mapping[str, Channel]
    roster: RosterRepository
    instead: str = ""
    handed: HandedAddresses | None = None

    def deliver(self, message: Message) -> Outcome:
        """Try once to send a message. Whatever is wrong with it is an outcome, so that another person is notified.

        Raises Unavailable when the store does not answer.
        """
        try:
            return self._deliver(message)
        except Unavailable:
            raise
        except Exception as error:  # noqa: BLE001  # logged by type; the message must not stay with a sender that fails each time
            _log.error("message.not_written", message_id=message.id, **describe_error(error))
            return Outcome(Result.TRANSIENT_FAILURE, NOT_WRITTEN)

    def _deliver(self, message: Message) -> Outcome:
        """Render the message in the recipient's language and hand it to its channel."""
        if message.recipient.kind == DEFENDER:
            return self._deliver_handed(message)
        reachable = self.roster.with_address(message.recipient)
        if reachable is None or message.channel not in self.channels:
            return Outcome(Result.PERMANENT_FAILURE, NO_ADDRESS)
        contact, address = reachable
        template = self._template(message)
        if not template:
            return Outcome(Result.PERMANENT_FAILURE, NO_TEMPLATE)
        text = self.templates.render(template, contact.language, reference=message.reference, link=self.link)
        return self.channels[message.channel].send(OutgoingMessage(message.id, address, text.subject, text.body))

    def _deliver_handed(self, message: Message) -> Outcome:
        """Send it to the address that the registry handed over for it, in the default language; without one it is asked for."""
        template = self._template(message)
        if not template:
            return Outcome(Result.PERMANENT_FAILURE, NO_TEMPLATE)
        if message.channel not in self.channels:
            return Outcome(Result.PERMANENT_FAILURE, NO_ADDRESS)
        address = self.handed.take(message) if self.handed else None
        if address is None:
            return Outcome(Result.TRANSIENT_FAILURE, ADDRESS_WANTED)
        text = self.templates.render(template, self.templates.default_language, reference=message.reference, link="")
        return self.channels[message.channel].send(OutgoingMessage(message.id, address, text.subject, text.body))

    def _template(self, message: Message) -> str:
        """Return its template. If the policy has it no longer, an alarm goes out by another one, which asks to sign in, too."""
        if message.template in self.templates.names():
            return message.template
        return self.instead if message.ladder else ""


@every(seconds=0.5)
def send_due(parts: NotifyParts) -> None:
    """Send due messages, urgent ones first."""
    _turn(parts, urgent_only=False)


@every(seconds=0.5)
def send_urgent(parts: NotifyParts) -> None:
    """Send urgent messages in a lane of their own, so that a slow server with a routine message does not delay them."""
    _turn(parts, urgent_only=True)


def _turn(parts: NotifyParts, *, urgent_only: bool) -> None:
    policy = parts.policy
    handed = HandedAddresses(parts.handed, parts.keys, parts.clock.now)
    roster, instead = parts.read().roster, policy.undeliverable.template
    sender = Sender(policy.templates, parts.link, parts.channels, roster, instead, handed)
    send_for_one_turn(
        parts.due_messages, sender, parts.account, partial(_record, parts), parts.clock.now, urgent_only=urgent_only
    )


def _record(parts: NotifyParts, message: Message, outcome: Outcome) -> None:
    parts.run(lambda ctx: record_outcome(ctx, message, outcome))
    _log.info(
        "message.tried",
        message_id=message.id,
        case_ref=message.case_ref,
        template=message.template,
        result=str(outcome.result),
        reason=outcome.reason or None,
        attempt=message.attempts,
    )


def send_for_one_turn(
    due_messages: DueMessages,
    sender: Sender,
    account: MailAccount,
    record: Record,
    clock: Callable[[], datetime],
    *,
    urgent_only: bool = False,
) -> int:
    """Send due messages for one turn, the most urgent first. Returns how many were tried.

    A turn is bounded, so that a stopping service does not wait for a long queue. It ends when the account is refused, and
    the other messages wait for the next turn.
    """
    tried, ends = 0, clock() + TURN
    while account.may_try(clock()) and clock() < ends:
        message = due_messages.lease_next(clock(), LEASE, urgent_only=urgent_only, oldest_first=account.is_refused)
        if message is None:
            break
        outcome = sender.deliver(message)
        record(message, outcome)
        if outcome.reason not in UNSEEN_BY_SERVER:
            account.note(outcome, clock())
        tried += 1
    return tried
