"""What officers confirm about the contacts of a person, and for how long others may rely on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from services.registry.people.identity import ContactSafety, Identity
from services.registry.people.safe_hours import is_safe_now

KEPT_FOR = "contact"
"""Why a person is kept who has a confirmed contact or has said stop."""
ONLY_PERSON, ANYONE = "only_the_person", "anyone"
WHO_ANSWERS = (ONLY_PERSON, "household", "colleagues", ANYONE)
NEVER, NO_CONTENT, ALLOWED = "never", "no_content", "allowed"
VOICEMAIL = (NEVER, NO_CONTENT, ALLOWED)
NO_NAME = "none"
CALLER_NAMES = (NO_NAME, "own_name", "organisation")
CONFIRMED_HOW = ("in_person", "by_phone", "in_writing", "through_trusted_contact")
STOP_REASONS = ("said_stop", "used_stop_word", "unsafe", "other")


class Why(StrEnum):
    """Why a contact may not be used now."""

    STOPPED = "stopped"
    PERSON_CALLS = "person_calls"
    NOT_SAFE = "not_safe"
    OVERDUE = "reconfirmation_overdue"
    OUTSIDE_HOURS = "outside_hours"


@dataclass(frozen=True)
class Rule:
    """How one contact may be used over one channel, as an officer confirmed it with the person.

    `person_calls` means: do not contact me, I will call; such a contact is not `allowed`. `low_detail` means that nothing of the
    matter is said or written.
    Silence is the careful answer: another person may answer, no message is left, no name is said.
    """

    id: str
    channel: str
    address: str = field(repr=False)
    confirmed_at: datetime
    confirmed_by: str
    confirmed_how: str
    allowed: bool = False
    person_calls: bool = False
    hours: tuple[Mapping[str, Any], ...] = field(default=(), repr=False)
    zone: str = "UTC"
    who_answers: str = ANYONE
    shared_device: bool = True
    low_detail: bool = True
    voicemail: str = NEVER
    caller_name: str = NO_NAME
    code_word: str | None = field(default=None, repr=False)
    stop_word: str | None = field(default=None, repr=False)
    instructions: str | None = field(default=None, repr=False)

    @property
    def is_shared(self) -> bool:
        """Return True if another person may answer or read."""
        return self.shared_device or self.who_answers != ONLY_PERSON


@dataclass
class ContactRecord:
    """All that officers recorded about contact with the person of one record (the id is its reference).

    `ring_at` is when a human is asked to confirm again; each ring moves it on, until someone confirms.
    """

    id: str
    rules: tuple[Rule, ...] = field(default=(), repr=False)
    stopped_at: datetime | None = None
    stopped_by: str | None = None
    stop_reason: str | None = None
    ring_at: datetime | None = None
    revision: int = field(default=0, compare=False)

    @property
    def is_empty(self) -> bool:
        """Return True if nothing of it needs to be kept."""
        return not self.rules and self.stopped_at is None

    def put(self, rule: Rule, terms: Terms) -> None:
        """Store a rule in place of the one with its id."""
        self.rules = (*(each for each in self.rules if each.id != rule.id), rule)
        self.ring_at = self._due(terms)

    def remove(self, rule_id: str, terms: Terms) -> bool:
        """Remove a rule. Returns False when there is none with this id."""
        left = tuple(each for each in self.rules if each.id != rule_id)
        changed = left != self.rules
        self.rules, self.ring_at = left, self._due(terms, left)
        return changed

    def stop(self, at: datetime, by: str, reason: str) -> None:
        """Forbid every contact. The first stop keeps its moment. Nothing is due any more: no one is to ask her."""
        if self.stopped_at is None:
            self.stopped_at, self.stopped_by, self.stop_reason = at, by, reason
        self.ring_at = None

    def lift_stop(self, terms: Terms) -> None:
        """Let the rules hold again."""
        self.stopped_at = self.stopped_by = self.stop_reason = None
        self.ring_at = self._due(terms)

    def ring(self, at: datetime, terms: Terms) -> None:
        """Record that a human was asked, and when to ask the next time."""
        self.ring_at = at + terms.grace

    def _due(self, terms: Terms, rules: tuple[Rule, ...] | None = None) -> datetime | None:
        rules = self.rules if rules is None else rules
        if self.stopped_at is not None or not rules:
            return None
        return min(terms.due(each) for each in rules)


@dataclass
class HandOver:
    """What was answered to notify about one message (the id): which request, and `reason`, empty if the address was handed over.

    `times` is how often it was handed over. `defender_ref` is the record that the case had.
    """

    id: str
    ask_id: str
    case_ref: str
    defender_ref: str
    channel: str
    at: datetime
    reason: str = ""
    until: datetime | None = None
    times: int = 0
    revision: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Terms:
    """The coalition's rules: after how long a contact is to be confirmed again, and how long after that it may still be used."""

    reconfirm_after: timedelta
    grace: timedelta
    zone: str

    def due(self, rule: Rule) -> datetime:
        """Return when the rule is to be confirmed again."""
        return rule.confirmed_at + self.reconfirm_after

    def is_overdue(self, rule: Rule, now: datetime) -> bool:
        """Return True if it should have been confirmed again so long ago that no machine may rely on it."""
        return now > self.due(rule) + self.grace


@dataclass(frozen=True)
class Standing:
    """What officers have recorded of a person over all their records; `stopped` also if a probable person said stop."""

    terms: Terms
    rules: tuple[Rule, ...] = ()
    stopped: bool = False

    @property
    def is_silent(self) -> bool:
        """Return True if officers recorded nothing: then the reports alone count."""
        return not self.rules and not self.stopped

    def rule_of(self, channel: str, address: str) -> Rule | None:
        """Return the rule of this contact that was confirmed last."""
        found = [rule for rule in self.rules if (rule.channel, rule.address) == (channel, address)]
        return max(found, key=lambda each: each.confirmed_at, default=None)


@dataclass(frozen=True)
class Stated:
    """What one report says of its person, and when it said how they may be reached."""

    identity: Identity
    safety: ContactSafety | None
    at: datetime


@dataclass(frozen=True)
class Way:
    """One contact with all that holds for it now, or why it may not be used."""

    channel: str
    address: str = field(repr=False)
    rule: Rule = field(repr=False)
    why_not: Why | None = None
    by_officer: bool = True

    @property
    def is_open(self) -> bool:
        """Return True if the contact may be used in its hours."""
        return self.why_not is None

    def may_now(self, now: datetime) -> Why | None:
        """Return None if it may be used at this moment, or why not."""
        if self.why_not is None and not is_safe_now(self.rule.hours, now.astimezone(ZoneInfo(self.rule.zone))):
            return Why.OUTSIDE_HOURS
        return self.why_not
