"""Who is told what about an event: a pure function of event, roster, safe-contact rule, policy and what stands."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.notify.messages import refusals
from services.notify.messages.facts import Facts
from services.notify.messages.model import Message, Note, State, message_id
from services.notify.roster.model import DEFENDER, DUTY_OFFICER, OWNER, PARTNER, Contact, ContactSummary, Recipient, Roster
from services.notify.rules import RANKS, STATED_AGAIN, Policy, Rule

NO_CHANNEL = "none"


@dataclass(frozen=True)
class Situation:
    """What a plan is made in: the rules, who can be reached, by which kinds of channel, and the time."""

    policy: Policy
    roster: Roster
    channels: Collection[str]
    now: datetime

    def reaches(self, recipient: Recipient) -> bool:
        """True if there is an address and a channel for this recipient."""
        return not _why_not(self.roster(recipient), self.channels)


@dataclass(frozen=True)
class Changes:
    """New messages, and messages that stood and are different now."""

    new: Sequence[Message] = ()
    changed: Sequence[Message] = ()

    def __add__(self, more: Changes) -> Changes:
        return Changes((*self.new, *more.new), (*self.changed, *(each for each in more.changed if each not in self.new)))

    @property
    def all(self) -> Sequence[Message]:
        """The new ones, then the changed."""
        return (*self.new, *self.changed)

    @property
    def asks(self) -> bool:
        """True if somebody is asked now."""
        return any(each.state is State.QUEUED for each in self.all)

    def over(self, standing: Iterable[Message]) -> list[Message]:
        """What stands after these changes; changed messages are the same objects."""
        return [*standing, *self.new]


@dataclass(frozen=True)
class Draft:
    """An alarm before it is known whom it asks."""

    cause: str
    case_ref: str
    template: str
    ladder: str | None
    urgent: bool = False
    urgency: str = ""
    about: str = ""
    gravity: int = 0
    event: str = ""


def plan(situation: Situation, facts: Facts, summary: ContactSummary | None, standing: Collection[Message] = ()) -> Changes:
    """What an event calls for; refusals are among the new messages with their reason. `standing` are the case's alarms."""
    changes = Changes()
    for rule in situation.policy.rules_for(facts):
        changes += _for_rule(situation, facts, rule, summary, changes.over(standing))
    return changes


def climb(situation: Situation, telling: Message | Draft, position: int, standing: Collection[Message] = ()) -> Changes:
    """The next step of an escalation, from a position on: refusals for who cannot be reached, then who can.

    Whoever was asked before is passed over. A covered message to the next person becomes the step, because a cause has one
    message for each person. Nothing is asked when the ladder is at its end.
    """
    known = {each.id: each for each in standing}
    made: list[Message] = []
    unreached: Recipient | None = None
    policy = situation.policy
    while telling.ladder in policy.ladders and (recipient := policy.person_at(telling.ladder or "", position)):
        if recipient == unreached:
            break  # a reminder would not reach whom the message did not
        step = _on_ladder(situation, telling, recipient, position)
        there, position = known.get(step.id), position + 1
        unreached = None if step.state is State.QUEUED else recipient
        if there is None:
            made.append(step)
            if step.state is State.QUEUED:
                break
        elif there.state is State.COVERED and step.escalate_at:
            there.asks_instead(situation.now, step)
            return Changes(made, [there])
    return Changes(made)


def instead_of(situation: Situation, lost: Message) -> Draft:
    """The alarm about a message on no ladder that cannot reach its recipient."""
    template, ladder = situation.policy.undeliverable.template, situation.policy.ladder_for_lost(lost.urgency)
    return Draft(lost.id, lost.case_ref, template, ladder, lost.urgent, lost.urgency)


def _for_rule(
    situation: Situation, facts: Facts, rule: Rule, summary: ContactSummary | None, standing: Collection[Message]
) -> Changes:
    draft = Draft(
        facts.cause, facts.case_ref, rule.template, rule.ladder, rule.urgent, facts.urgency, facts.about, rule.gravity, facts.type
    )  # fmt: skip
    if rule.tell == DUTY_OFFICER:
        return raise_alarm(situation, draft, standing)
    if rule.tell == DEFENDER:
        return Changes([_to_defender(situation, draft, summary)])
    if rule.tell == OWNER:
        return _to_owner(situation, draft, standing)
    if not facts.partner_id:
        return Changes()
    message = _to(situation, draft, Recipient(PARTNER, facts.partner_id))
    lost = rule.must_reach and message.state is State.REFUSED
    return Changes([message]) + (raise_alarm(situation, instead_of(situation, message), standing) if lost else Changes())


def raise_alarm(situation: Situation, draft: Draft, standing: Collection[Message]) -> Changes:
    """Ask a duty officer once for each case and grade of alarm.

    An alarm that is no worse than the open one of its case is covered by it; one that states again what was acknowledged a
    while ago is acknowledged with it; anything else asks, and covers the lesser alarm that was open.
    """
    if any(each.cause == draft.cause and each.template == draft.template for each in standing):
        return Changes()
    leads = [each for each in standing if each.escalate_at]
    if cover := next((lead for lead in leads if not is_worse(situation, draft, lead)), None):
        return Changes([_covered(situation, draft, cover)])
    if seen := _seen_before(situation, draft, standing):
        return Changes([_repeated(situation, draft, seen)])
    asked = climb(situation, draft, 0).new
    if not asked or asked[-1].state is not State.QUEUED:
        return Changes(asked)
    return Changes(asked, _superseded(situation, asked[-1], leads, standing))


def is_worse(situation: Situation, one: Message | Draft, other: Message | Draft) -> bool:
    """True if the first alarm is graver in anything: its urgency, its kind, or how soon it must be answered."""
    return any(mine > theirs for mine, theirs in zip(_grade(situation, one), _grade(situation, other), strict=True))


def end_of_ladder(situation: Situation, root: str, standing: Collection[Message]) -> Changes:
    """What follows when a cause's ladder has ended without an acknowledgement: nothing that it covered is covered any more.

    The gravest of these climbs a ladder of its own, where there are other people; what remains has failed.
    """
    left = [each for each in standing if each.state is State.COVERED and each.covered_by == root]
    tried = {each.ladder for each in standing if each.cause == root}
    for each in sorted(left, key=lambda message: _grade(situation, message), reverse=True):
        if each.ladder in tried:
            continue
        tried.add(each.ladder)
        if (on := climb(situation, each, 0, standing)).asks:
            return on + Changes((), [_handed_over(situation, other, each.cause) for other in left if other not in on.changed])
    for each in left:
        each.lost_cover(situation.now, refusals.NOBODY_REACHED)
    return Changes((), left)


def _handed_over(situation: Situation, message: Message, cause: str) -> Message:
    message.cover(situation.now, cause)
    return message


def _grade(situation: Situation, alarm: Message | Draft) -> tuple[int, int, float]:
    within = situation.policy.within(alarm.ladder, 0)
    pace = -within.total_seconds() if within else float("-inf")
    return RANKS.get(alarm.urgency, 0), alarm.gravity, pace


def _covered(situation: Situation, draft: Draft, lead: Message) -> Message:
    message = _addressed(_message(situation, draft), lead.recipient, lead.channel)
    message.cover(situation.now, lead.cause)
    return message


def owner_of(standing: Collection[Message]) -> str | None:
    """The operator who acknowledged an alarm of the case last; a repeat that was acknowledged with it counts for nobody."""
    seen = [each for each in standing if each.state is State.ACKNOWLEDGED and not _is_repeat(each)]
    return max(seen, key=lambda each: each.notes[-1].at).acknowledged_by if seen else None


def _is_repeat(message: Message) -> bool:
    return any(note.what == "repeated" for note in message.notes)


def _seen_before(situation: Situation, draft: Draft, standing: Collection[Message]) -> Message | None:
    """The acknowledged alarm that this one only states again; an event that is not stated again happened anew."""
    if draft.event not in STATED_AGAIN:
        return None
    since, kind = situation.now - situation.policy.repeats_within, (draft.event, draft.template, draft.about)
    for each in standing:
        same = each.state is State.ACKNOWLEDGED and (each.event, each.template, each.about) == kind
        if same and not _is_repeat(each) and not is_worse(situation, draft, each) and each.notes[-1].at >= since:
            return each
    return None


def _repeated(situation: Situation, draft: Draft, seen: Message) -> Message:
    message = _addressed(_message(situation, draft), seen.recipient, seen.channel)
    message.cover(situation.now, seen.cause, "repeated")
    message.was_acknowledged(situation.now, seen.acknowledged_by or "")
    return message


def _superseded(situation: Situation, by: Message, leads: Collection[Message], standing: Collection[Message]) -> list[Message]:
    """The lesser alarms, covered by the graver one; whoever they would ask next is asked no later for it."""
    over = {lead.cause for lead in leads}
    deadlines = [lead.escalate_at for lead in leads if lead.escalate_at and lead.escalate_at > situation.now]
    if by.escalate_at and deadlines:
        by.escalate_at = min(by.escalate_at, *deadlines)
    changed = [each for each in standing if each in leads or (each.covered_by in over and each.state is State.COVERED)]
    return [_handed_over(situation, each, by.cause) for each in changed]


def _message(situation: Situation, draft: Draft | Message) -> Message:
    return Message(
        "", draft.cause, draft.case_ref, Recipient("", ""), draft.template, NO_CHANNEL, draft.urgent, situation.policy.version,
        situation.now, ladder=draft.ladder, urgency=draft.urgency, about=draft.about, gravity=draft.gravity, event=draft.event,
    )  # fmt: skip


def _to_defender(situation: Situation, draft: Draft, summary: ContactSummary | None) -> Message:
    recipient = Recipient(DEFENDER, (summary and summary.defender_ref) or draft.case_ref)
    reason = refusals.why_not_the_defender(summary, situation.channels)
    return _refused(_message(situation, draft), recipient, reason, situation) if reason else _to(situation, draft, recipient)


def _to_owner(situation: Situation, draft: Draft, standing: Collection[Message]) -> Changes:
    """A letter beside the ladder, on none itself; the owner who is being asked already gets no second one."""
    owner = owner_of(standing)
    if not owner or any(each.escalate_at and each.recipient.ref == owner for each in standing):
        return Changes()
    return Changes([_to(situation, draft, Recipient(DUTY_OFFICER, owner))])


def _to(situation: Situation, draft: Draft | Message, recipient: Recipient) -> Message:
    contact = situation.roster(recipient)
    reason = _why_not(contact, situation.channels)
    message = _message(situation, draft)
    return _refused(message, recipient, reason, situation) if reason or not contact else _queued(message, contact, situation)


def _why_not(contact: Contact | None, channels: Collection[str]) -> str:
    if contact is None:
        return refusals.NO_ADDRESS
    return "" if contact.channel in channels else refusals.CHANNEL_NOT_ALLOWED


def _on_ladder(situation: Situation, telling: Message | Draft, recipient: Recipient, position: int) -> Message:
    ladder = situation.policy.ladders[telling.ladder or ""]
    step = ladder.step(position)
    message = _to(situation, telling, recipient)
    message.id = message_id(message.cause, recipient, message.template, ladder.repetition(position))
    message.position = position
    if step and message.state is State.QUEUED:
        message.escalate_at = situation.now + step.within
    return message


def _queued(message: Message, contact: Contact, situation: Situation) -> Message:
    _addressed(message, contact.recipient, contact.channel)
    message.next_attempt = situation.now
    message.notes.append(Note(situation.now, "queued"))
    return message


def _refused(message: Message, recipient: Recipient, reason: str, situation: Situation) -> Message:
    _addressed(message, recipient, NO_CHANNEL)
    message.state, message.reason = State.REFUSED, reason
    message.notes.append(Note(situation.now, "refused", reason))
    return message


def _addressed(message: Message, recipient: Recipient, channel: str) -> Message:
    message.id = message_id(message.cause, recipient, message.template)
    message.recipient, message.channel = recipient, channel
    return message
