"""Plan who is notified of an event: a pure function of event, roster, safe-contact rule, policy and the case's alarms."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.notify.messages import refusals
from services.notify.messages.model import Message, Note, State, message_id
from services.notify.roster.model import DEFENDER, DUTY_OFFICER, OWNER, PARTNER, Contact, ContactSummary, Recipient, Roster
from services.notify.rules import REPEATED_EVENTS, WEIGHTS, Facts, Policy, Rule

NO_CHANNEL = "none"


@dataclass(frozen=True)
class Situation:
    """The inputs of a plan: the rules, who can be reached, by which kinds of channel, and the time."""

    policy: Policy
    roster: Roster
    channels: Collection[str]
    now: datetime

    def reaches(self, recipient: Recipient) -> bool:
        """Return True if there is an address and a channel for this recipient."""
        return not _why_not(self.roster(recipient), self.channels)


@dataclass(frozen=True)
class Changes:
    """New messages, and existing messages that have changed."""

    new: Sequence[Message] = ()
    changed: Sequence[Message] = ()

    def __add__(self, more: Changes) -> Changes:
        return Changes((*self.new, *more.new), (*self.changed, *(message for message in more.changed if message not in self.new)))

    @property
    def all(self) -> Sequence[Message]:
        """Return the new ones, then the changed."""
        return (*self.new, *self.changed)

    @property
    def asks(self) -> bool:
        """Return True if a person is asked now."""
        return any(message.state is State.QUEUED for message in self.all)


@dataclass(frozen=True)
class Draft:
    """A message before its recipient is known: an alarm, or one to the owner, a partner or the defender, which is on no ladder.

    `cause` is the id of the event or message that it is about, `event` the type of that event, `about` the number of the need.
    """

    cause: str
    case_ref: str
    template: str
    ladder: str | None
    urgent: bool = False
    urgency: str = ""
    about: str = ""
    gravity: int = 0
    event: str = ""


def plan(situation: Situation, facts: Facts, summary: ContactSummary | None, alarms: Collection[Message] = ()) -> Changes:
    """Return the messages that an event requires, refusals with their reason among them.

    `summary` is what the registry published about contact with the defender. `alarms` are the case's messages on ladders.
    """
    changes = Changes()
    for rule in situation.policy.rules_for(facts):
        changes += _for_rule(situation, facts, rule, summary, [*alarms, *changes.new])  # what has changed is the same object
    return changes


def escalate(situation: Situation, current: Message | Draft, position: int, alarms: Collection[Message] = ()) -> Changes:
    """Return the next step of an escalation from a position on: refusals for people without an address, then one who has one.

    People who were asked before are skipped. A message to the next person that was covered, or refused while they had no address,
    becomes the step: a cause has one message for each person. At the end of the ladder there are no changes.
    """
    known = {message.id: message for message in alarms}
    made: list[Message] = []
    while recipient := _asked_at(situation, current, position, alarms):
        step = _on_ladder(situation, current, recipient, position)
        there, position = known.get(step.id), position + 1
        if there is None:
            made.append(step)
            if step.state is State.QUEUED:
                break
        elif there.state in {State.COVERED, State.REFUSED} and step.escalate_at:
            there.asks_instead(situation.now, step)
            return Changes(made, [there])
    return Changes(made)


def _asked_at(situation: Situation, current: Message | Draft, position: int, alarms: Collection[Message]) -> Recipient | None:
    """Return the person of this step. After the steps, the last person who can be reached is reminded.

    An address that has refused a message about this cause is not reached; one for which every try has failed is the last resort.
    """
    if not situation.policy.within(current.ladder, position):
        return None
    people, tries = situation.policy.people_of(current.ladder or ""), refusals.TRIES_EXHAUSTED
    if position < len(people):
        return people[position]
    failed = {other.recipient: other.reason for other in alarms if other.cause == current.cause and other.state is State.FAILED}
    reached = [each for each in reversed(people) if situation.reaches(each) and failed.get(each, tries) == tries]
    return max(reached, key=lambda each: each not in failed, default=None)


def instead_of(situation: Situation, undelivered: Message) -> Draft:
    """Return the alarm about a message on no ladder that cannot reach its recipient."""
    template, ladder = situation.policy.undeliverable.template, situation.policy.ladder_for_failed(undelivered.urgency)
    return Draft(undelivered.id, undelivered.case_ref, template, ladder, undelivered.urgent, undelivered.urgency)


def _for_rule(
    situation: Situation, facts: Facts, rule: Rule, summary: ContactSummary | None, alarms: Collection[Message]
) -> Changes:
    draft = Draft(
        facts.cause, facts.case_ref, rule.template, rule.ladder, rule.urgent, facts.urgency, facts.about, rule.gravity, facts.type
    )
    if rule.recipient_kind == DUTY_OFFICER:
        return raise_alarm(situation, draft, alarms)
    if rule.recipient_kind == DEFENDER:
        return Changes([_to_defender(situation, draft, summary)])
    if rule.recipient_kind == OWNER:
        return _to_owner(situation, draft, facts.owner or last_to_acknowledge(alarms), alarms)
    if not facts.partner_id:
        return Changes()
    message = _to(situation, draft, Recipient(PARTNER, facts.partner_id))
    if not (rule.must_reach and message.state is State.REFUSED):
        return Changes([message])
    return Changes([message]) + raise_alarm(situation, instead_of(situation, message), alarms)


def raise_alarm(situation: Situation, draft: Draft, alarms: Collection[Message]) -> Changes:
    """Ask a duty officer once for each case and grade of alarm.

    An alarm that is no worse than the open one of its case is covered by it. A repeat of an alarm that was acknowledged a
    while ago is acknowledged with it. Any other alarm asks, and covers the lesser alarm that was open.
    """
    if any(message.cause == draft.cause and message.template == draft.template for message in alarms):
        return Changes()
    leads = [message for message in alarms if message.escalate_at]
    if cover := next((lead for lead in leads if not is_worse(situation, draft, lead)), None):
        return Changes([_covered(situation, draft, cover)])
    if acknowledged := _acknowledged_before(situation, draft, alarms):
        return Changes([_repeated(situation, draft, acknowledged)])
    asked = escalate(situation, draft, 0).new
    if not asked or asked[-1].state is not State.QUEUED:
        return Changes(asked)
    return Changes(asked, _superseded(situation, asked[-1], leads, alarms))


def is_worse(situation: Situation, one: Message | Draft, other: Message | Draft) -> bool:
    """Return True if the first alarm is graver in any way: its urgency, its gravity, or how soon it must be answered."""
    return any(mine > theirs for mine, theirs in zip(_grade(situation, one), _grade(situation, other), strict=True))


def end_of_ladder(situation: Situation, cause: str, alarms: Collection[Message]) -> Changes:
    """Return what follows when a ladder has ended without an acknowledgement, because it no longer covers anything.

    The gravest message that it covered begins a ladder of its own, if that has other people. The rest have failed.
    """
    left = [alarm for alarm in alarms if alarm.state is State.COVERED and alarm.covered_by == cause]
    tried = {alarm.ladder for alarm in alarms if alarm.cause == cause}
    for alarm in sorted(left, key=lambda message: _grade(situation, message), reverse=True):
        if alarm.ladder in tried:
            continue
        tried.add(alarm.ladder)
        if (on := escalate(situation, alarm, 0, alarms)).asks:
            return on + Changes((), [_handed_over(situation, other, alarm.cause) for other in left if other not in on.changed])
    for alarm in left:
        alarm.fail_uncovered(situation.now, refusals.NOT_ACKNOWLEDGED)
    return Changes((), left)


def _handed_over(situation: Situation, message: Message, cause: str) -> Message:
    message.cover(situation.now, cause)
    return message


def _grade(situation: Situation, alarm: Message | Draft) -> tuple[int, int, float]:
    within = situation.policy.within(alarm.ladder, 0)
    pace = -within.total_seconds() if within else float("-inf")
    return WEIGHTS.get(alarm.urgency, 0), alarm.gravity, pace


def _covered(situation: Situation, draft: Draft, lead: Message) -> Message:
    message = _message(situation, draft, lead.recipient, lead.channel)
    message.cover(situation.now, lead.cause)
    return message


def last_to_acknowledge(alarms: Collection[Message]) -> str | None:
    """Return the operator who last acknowledged an alarm: the owner of a case from before cases had one. Repeats are ignored."""
    acknowledged = [message for message in alarms if message.state is State.ACKNOWLEDGED and not _is_repeat(message)]
    return max(acknowledged, key=lambda each: each.notes[-1].at).acknowledged_by if acknowledged else None


def _is_repeat(message: Message) -> bool:
    return any(note.what == "repeated" for note in message.notes)


def _acknowledged_before(situation: Situation, draft: Draft, alarms: Collection[Message]) -> Message | None:
    """Return the acknowledged alarm that this one only repeats. An event of a type that is not repeated is a new one."""
    if draft.event not in REPEATED_EVENTS:
        return None
    since, same_as = situation.now - situation.policy.repeats_within, (draft.event, draft.template, draft.about)
    for message in alarms:
        same = message.state is State.ACKNOWLEDGED and (message.event, message.template, message.about) == same_as
        if same and not _is_repeat(message) and not is_worse(situation, draft, message) and message.notes[-1].at >= since:
            return message
    return None


def _repeated(situation: Situation, draft: Draft, acknowledged: Message) -> Message:
    message = _message(situation, draft, acknowledged.recipient, acknowledged.channel)
    message.cover(situation.now, acknowledged.cause, "repeated")
    message.was_acknowledged(situation.now, acknowledged.acknowledged_by or "")
    return message


def _superseded(situation: Situation, by: Message, leads: Collection[Message], alarms: Collection[Message]) -> list[Message]:
    """Return the lesser alarms, covered by the graver one. The next person of their ladders is asked no later for it."""
    over = {lead.cause for lead in leads}
    deadlines = [lead.escalate_at for lead in leads if lead.escalate_at and lead.escalate_at > situation.now]
    if by.escalate_at and deadlines:
        by.escalate_at = min(by.escalate_at, *deadlines)
    changed = [each for each in alarms if each in leads or (each.covered_by in over and each.state is State.COVERED)]
    return [_handed_over(situation, message, by.cause) for message in changed]


def _message(situation: Situation, draft: Draft | Message, recipient: Recipient, channel: str = NO_CHANNEL) -> Message:
    return Message(
        message_id(draft.cause, recipient, draft.template), draft.cause, draft.case_ref, recipient, draft.template, channel,
        draft.urgent, situation.policy.version, situation.now, ladder=draft.ladder, urgency=draft.urgency, about=draft.about,
        gravity=draft.gravity, event=draft.event,
    )  # fmt: skip


def _to_defender(situation: Situation, draft: Draft, summary: ContactSummary | None) -> Message:
    recipient = Recipient(DEFENDER, (summary and summary.defender_ref) or draft.case_ref)
    reason = refusals.why_not_the_defender(summary, situation.channels)
    if reason or summary is None:
        return _refused(situation, draft, recipient, reason or refusals.CONTACT_UNKNOWN)
    message = _message(situation, draft, recipient, next(each for each in situation.channels if each in summary.channels))
    message.next_attempt = situation.now
    message.notes.append(Note(situation.now, "queued"))
    return message


def _to_owner(situation: Situation, draft: Draft, owner: str | None, alarms: Collection[Message]) -> Changes:
    """Return a message beside the ladder, on none itself. The owner who is being asked already gets no second one."""
    if not owner or any(message.escalate_at and message.recipient.ref == owner for message in alarms):
        return Changes()
    return Changes([_to(situation, draft, Recipient(DUTY_OFFICER, owner))])


def _to(situation: Situation, draft: Draft | Message, recipient: Recipient) -> Message:
    contact = situation.roster(recipient)
    reason = _why_not(contact, situation.channels)
    if reason or not contact:
        return _refused(situation, draft, recipient, reason)
    message = _message(situation, draft, recipient, contact.channel)
    message.next_attempt = situation.now
    message.notes.append(Note(situation.now, "queued"))
    return message


def _why_not(contact: Contact | None, channels: Collection[str]) -> str:
    if contact is None:
        return refusals.NO_ADDRESS
    return "" if contact.channel in channels else refusals.CHANNEL_NOT_ALLOWED


def _on_ladder(situation: Situation, current: Message | Draft, recipient: Recipient, position: int) -> Message:
    ladder = situation.policy.ladders[current.ladder or ""]
    message = _to(situation, current, recipient)
    message.id = message_id(message.cause, recipient, message.template, ladder.repetition(position))
    message.position, step = position, ladder.step(position)
    if step and message.state is State.QUEUED:
        message.escalate_at = situation.now + step.within
    return message


def _refused(situation: Situation, draft: Draft | Message, recipient: Recipient, reason: str) -> Message:
    message = _message(situation, draft, recipient)
    message.state, message.reason = State.REFUSED, reason
    message.notes.append(Note(situation.now, "refused", reason))
    return message
