"""Who is told what about an event: a pure function of the event, the roster, the safe-contact rule and the policy."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from services.notify.domain import refusals
from services.notify.domain.facts import Facts
from services.notify.domain.message import Message, Note, State, message_id
from services.notify.domain.people import DEFENDER, DUTY_OFFICER, PARTNER, Contact, ContactSummary, Recipient, Roster
from services.notify.domain.policy import Policy, Rule

NO_CHANNEL = "none"


@dataclass(frozen=True)
class Desk:
    """What a plan is made with: the rules, who can be reached, by which kinds of channel, and the time."""

    policy: Policy
    roster: Roster
    channels: Collection[str]
    now: datetime


def plan(desk: Desk, facts: Facts, summary: ContactSummary | None) -> list[Message]:
    """The messages that an event calls for, those that are refused among them with their reason."""
    return [message for rule in desk.policy.rules_for(facts) for message in _for_rule(desk, facts, rule, summary)]


def climb(desk: Desk, telling: Message, position: int) -> list[Message]:
    """The next messages of an escalation, from a position on: refusals for who cannot be reached, then who can.

    Empty when the ladder is at its end.
    """
    made: list[Message] = []
    while telling.ladder and (recipient := desk.policy.person_at(telling.ladder, position)):
        if made and made[-1].recipient == recipient:
            break  # a reminder would not reach whom the message did not
        made.append(_on_ladder(desk, telling, recipient, position))
        if made[-1].state is State.QUEUED:
            break
        position += 1
    return made


def tell_instead(desk: Desk, lost: Message) -> list[Message]:
    """Who is told when a message is lost: the ladder's next human, or for a message on no ladder, the first."""
    if lost.ladder:
        return climb(desk, lost, lost.position + 1)
    rule = desk.policy.undeliverable
    return climb(desk, _draft(desk, lost.id, lost.case_ref, rule.template, urgent=lost.urgent, ladder=rule.ladder), 0)


def _for_rule(desk: Desk, facts: Facts, rule: Rule, summary: ContactSummary | None) -> list[Message]:
    draft = _draft(desk, facts.cause, facts.case_ref, rule.template, urgent=rule.urgent, ladder=rule.ladder)
    if rule.tell == DUTY_OFFICER:
        return climb(desk, draft, 0)
    if rule.tell == DEFENDER:
        return [_to_defender(desk, draft, summary)]
    return [_to(desk, draft, Recipient(PARTNER, facts.partner_id))] if facts.partner_id else []


def _draft(desk: Desk, cause: str, case_ref: str, template: str, *, urgent: bool, ladder: str | None) -> Message:
    nobody = Recipient("", "")
    version = desk.policy.version
    return Message("", cause, case_ref, nobody, template, NO_CHANNEL, urgent, version, desk.now, ladder=ladder)


def _to_defender(desk: Desk, draft: Message, summary: ContactSummary | None) -> Message:
    recipient = Recipient(DEFENDER, (summary and summary.defender_ref) or draft.case_ref)
    reason = refusals.why_not_the_defender(summary, desk.channels)
    return _refused(draft, recipient, reason, desk) if reason else _to(desk, draft, recipient)


def _to(desk: Desk, draft: Message, recipient: Recipient) -> Message:
    contact = desk.roster(recipient)
    reason = _why_not(contact, desk.channels)
    return _refused(draft, recipient, reason, desk) if reason or not contact else _queued(draft, contact, desk)


def _why_not(contact: Contact | None, channels: Collection[str]) -> str:
    if contact is None:
        return refusals.NO_ADDRESS
    return "" if contact.channel in channels else refusals.CHANNEL_NOT_ALLOWED


def _on_ladder(desk: Desk, telling: Message, recipient: Recipient, position: int) -> Message:
    ladder = desk.policy.ladders[telling.ladder or ""]
    step = ladder.step(position)
    draft = _draft(desk, telling.cause, telling.case_ref, telling.template, urgent=telling.urgent, ladder=ladder.name)
    message = _to(desk, draft, recipient)
    message.id = message_id(message.cause, recipient, message.template, ladder.repetition(position))
    message.position = position
    if step and message.state is State.QUEUED:
        message.escalate_at = desk.now + step.within
    return message


def _queued(draft: Message, contact: Contact, desk: Desk) -> Message:
    message = _addressed(draft, contact.recipient, contact.channel)
    message.next_attempt = desk.now
    message.notes.append(Note(desk.now, "queued"))
    return message


def _refused(draft: Message, recipient: Recipient, reason: str, desk: Desk) -> Message:
    message = _addressed(draft, recipient, NO_CHANNEL)
    message.state, message.reason = State.REFUSED, reason
    message.notes.append(Note(desk.now, "refused", reason))
    return message


def _addressed(draft: Message, recipient: Recipient, channel: str) -> Message:
    draft.id = message_id(draft.cause, recipient, draft.template)
    draft.recipient, draft.channel = recipient, channel
    return draft
