"""The rules that a coalition owns: who is notified of what by which template, who is next, and how often sending is tried."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from services.notify.errors import PolicyBroken
from services.notify.messages.templates import Templates
from services.notify.roster.model import DEFENDER, DUTY_OFFICER, KINDS, OWNER, Recipient


@dataclass(frozen=True)
class Facts:
    """One event as a cause to notify people: references and codes.

    `cause` is the event's id; `urgency` is empty if the event has none. `about` is the number of the
    need that it concerns; `urgency_risen` means that it is higher than it was. `owner` is the operator who owns the case, if
    referral has published one.
    """

    cause: str
    type: str
    case_ref: str
    urgency: str = ""
    partner_id: str | None = None
    about: str = ""
    urgency_risen: bool = False
    owner: str = ""


@dataclass(frozen=True)
class Rule:
    """One rule: for this event at these urgencies (none listed means any), notify this kind of person by this template.

    For a duty officer `ladder` says which person is first, and who is next. `gravity` is above 0 for what asks again although an
    alarm of the same urgency is open. `urgency_risen`: the rule applies only when the urgency has risen. `must_reach`: a duty
    officer is notified when the partner has no address.
    """

    when: str
    recipient_kind: str
    template: str
    urgencies: tuple[str, ...] = ()
    urgent: bool = False
    ladder: str | None = None
    gravity: int = 0
    urgency_risen: bool = False
    must_reach: bool = False

    def fits(self, facts: Facts) -> bool:
        """Return True if the rule applies to the event."""
        if self.urgency_risen and not facts.urgency_risen:
            return False
        return facts.type == self.when and (not self.urgencies or facts.urgency in self.urgencies)


@dataclass(frozen=True)
class Step:
    """One duty officer on a ladder, by roster id, and how long they have to acknowledge before the next is notified."""

    officer: str
    within: timedelta


@dataclass(frozen=True)
class Ladder:
    """The people who are notified in turn. The last one who can be reached, a named human, is reminded `reminders` times more."""

    name: str
    steps: tuple[Step, ...]
    reminders: int = 0

    def step(self, position: int) -> Step | None:
        """Return the step at a position from 0, or None after the last one."""
        if position < len(self.steps):
            return self.steps[position]
        return self.steps[-1] if position < len(self.steps) + self.reminders else None

    def check(self) -> None:
        """Refuse a ladder without people, or one that names a person twice (they are notified only once). Raises PolicyBroken."""
        officers = [step.officer for step in self.steps]
        if not officers:
            raise PolicyBroken(f"ladders.{self.name} has no steps; the last one must be a named human.")
        if len(set(officers)) != len(officers):
            raise PolicyBroken(f"ladders.{self.name} names a person twice; use reminders for the last person.")

    def repetition(self, position: int) -> int:
        """Return the number of the reminder at this position; 0 for a step."""
        return max(0, position - len(self.steps) + 1)


_SHORTEST_FURTHEST = timedelta(hours=1)
WEIGHTS = {"": 0, "low": 1, "medium": 2, "high": 3, "critical": 4}
LONGEST_ESCALATION = {"critical": timedelta(hours=1), "high": timedelta(hours=4)}
"""In this time every person of a ladder must have been asked. A person under arrest must be before a court within 24 hours
(Constitution of Kenya, Article 49(1)(f)), and a lawyer needs most of them."""
MUST_NOTIFY = (
    "intake.report.accepted.v1",
    "intake.report.updated.v1",
    "referral.unroutable.v1",
    "referral.case.reopened.v1",
    "referral.disclosure.missed.v1",
    "referral.helper.revoked.v1",
)
"""A duty officer is notified of these at these urgencies, and of an update when it raises the urgency."""
MUST_NOTIFY_AS_HIGH = ("intake.report.quarantined.v1", "intake.quarantine.filled.v1")
"""An unreadable report has no urgency of its own; it counts as high."""
REPEATED_EVENTS = ("referral.unroutable.v1", "referral.expired.v1")
"""New events of these types come again while nothing has changed. Of any other type a second event says something new: another
body that cannot be read may be another person."""


@dataclass(frozen=True)
class Undeliverable:
    """The template and the ladder for a failed message to a person who is on no ladder."""

    template: str
    ladder: str


@dataclass(frozen=True)
class Policy:
    """All rules together; `version` is stored with every result.

    A message to a person that has no address after `hand_over_within` has failed, and a human is asked.
    """

    version: str
    rules: tuple[Rule, ...]
    ladders: Mapping[str, Ladder]
    undeliverable: Undeliverable
    retry_after: tuple[timedelta, ...]
    templates: Templates
    repeats_within: timedelta = timedelta(hours=1)
    hand_over_within: timedelta = timedelta(hours=72)

    def rules_for(self, facts: Facts) -> tuple[Rule, ...]:
        """Return the rules that apply to an event."""
        return tuple(rule for rule in self.rules if rule.fits(facts))

    def next_try(self, attempts: int, now: datetime) -> datetime | None:
        """Return when to try again after so many attempts, or None to stop."""
        return now + self.retry_after[attempts - 1] if attempts <= len(self.retry_after) else None

    @property
    def furthest(self) -> timedelta:
        """Return the longest wait of these rules: a later moment was written by a clock that was wrong."""
        steps = [step.within for ladder in self.ladders.values() for step in ladder.steps]
        return max([*steps, *self.retry_after, _SHORTEST_FURTHEST])

    def is_over(self, end: datetime, now: datetime) -> bool:
        """Return True for a wait that has ended, and for one that a wrong clock has postponed."""
        return not now < end <= now + self.furthest

    def within(self, ladder: str | None, position: int) -> timedelta | None:
        """Return how long the person on a step of a ladder has to acknowledge, or None where there is no such step."""
        known = self.ladders.get(ladder or "")
        step = known.step(position) if known else None
        return step.within if step else None

    def ladder_for_failed(self, urgency: str) -> str:
        """Return the ladder for a message that could not be delivered: that of a first report of its urgency, if it has one."""
        first = Facts("", MUST_NOTIFY[0], "", urgency)
        ladders = (rule.ladder for rule in self.rules_for(first) if rule.ladder and urgency in LONGEST_ESCALATION)
        return next(ladders, None) or self.undeliverable.ladder

    def ladders_in_use(self) -> tuple[str, ...]:
        """Return the ladders that a rule begins."""
        named = {rule.ladder for rule in self.rules if rule.ladder} | {self.undeliverable.ladder}
        return tuple(name for name in self.ladders if name in named)

    def people_of(self, ladder: str) -> tuple[Recipient, ...]:
        """Return the duty officers of a ladder in the order of its steps."""
        return tuple(Recipient(DUTY_OFFICER, step.officer) for step in self.ladders[ladder].steps)

    def check(self) -> None:
        """Refuse rules that name what does not exist. Raises PolicyBroken, or TemplateIndiscreet."""
        self.templates.check()
        for at, rule in enumerate(self.rules):
            self._check_rule(f"rules[{at}]", rule)
        self._check_pair("undeliverable", self.undeliverable.template, self.undeliverable.ladder)
        for ladder in self.ladders.values():
            ladder.check()
        for urgency, longest in LONGEST_ESCALATION.items():
            self._check_waits(urgency, longest)

    def _check_rule(self, at: str, rule: Rule) -> None:
        if rule.recipient_kind not in KINDS:
            raise PolicyBroken(f"`{at}.tell` must be one of: {', '.join(KINDS)}.")
        if (rule.recipient_kind == DUTY_OFFICER) != (rule.ladder is not None):
            raise PolicyBroken(f"{at} must have a ladder if, and only if, it notifies a duty officer.")
        if rule.recipient_kind == DEFENDER and rule.urgent:
            raise PolicyBroken(f"{at} must not be urgent: haste in a message to a defender can endanger them.")
        if rule.recipient_kind == OWNER and rule.template in self._templates_of_ladders():
            raise PolicyBroken(f"{at}.template is a ladder's: a message to the owner would replace the ladder's own.")
        self._check_pair(at, rule.template, rule.ladder)

    def _templates_of_ladders(self) -> set[str]:
        return {self.undeliverable.template} | {rule.template for rule in self.rules if rule.ladder}

    def _check_waits(self, urgency: str, longest: timedelta) -> None:
        """Refuse rules by which an event of this urgency reaches no duty officer, or reaches one too late."""
        for when in MUST_NOTIFY + (MUST_NOTIFY_AS_HIGH if urgency == "high" else ()):
            if not any(
                rule.recipient_kind == DUTY_OFFICER for rule in self.rules_for(Facts("", when, "", urgency, urgency_risen=True))
            ):
                raise PolicyBroken(f"rules: none notifies a duty officer of {when} with urgency {urgency}.")
        for at, rule in enumerate(self.rules):
            if not rule.ladder or (rule.urgencies and urgency not in rule.urgencies):
                continue
            takes = sum((step.within for step in self.ladders[rule.ladder].steps), timedelta())
            if takes > longest:
                raise PolicyBroken(
                    f"rules[{at}]: {urgency} waits {_minutes(takes)} minutes on ladders.{rule.ladder} until its last person"
                    f" has had their time; at most {_minutes(longest)} are allowed."
                )

    def _check_pair(self, at: str, template: str, ladder: str | None) -> None:
        if template not in self.templates.names():
            raise PolicyBroken(f"{at}.template is not in the templates.")
        if ladder is not None and ladder not in self.ladders:
            raise PolicyBroken(f"{at}.ladder is not in the ladders.")


def _minutes(time: timedelta) -> str:
    return f"{time.total_seconds() / 60:g}"
