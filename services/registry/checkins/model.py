"""A check-in: when a sign of life is due, in which time zone, and what happens next. Pure: it decides, and does nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

CHECKINS = "checkins"
"""Why a person is kept of whom there is a check-in."""
_DAY = timedelta(days=1)


class State(StrEnum):
    """Waiting for an answer; unanswered, while a human asks the trusted contacts; missed, and reported; ended."""

    ACTIVE = "active"
    VERIFYING = "verifying"
    MISSED = "missed"
    ENDED = "ended"


class Answer(StrEnum):
    """The two answers. They have the same length, so that a sealed one does not show which it is."""

    SAFE = "safe"
    HELP = "help"


class Happening(StrEnum):
    """What a timer finds: the trusted contacts must be asked, or the check-in is missed."""

    UNANSWERED = "unanswered"
    MISSED = "missed"


@dataclass(frozen=True)
class Contact:
    """A person whom she trusts, and who may be asked about her. Values live in memory only; `repr` shows none."""

    name: str = field(repr=False)
    phone: str = field(repr=False)
    relation: str = field(default="", repr=False)


@dataclass(frozen=True)
class Details:
    """What an officer needs when she does not answer: whom to ask, in her order, and what else to know."""

    contacts: tuple[Contact, ...] = field(default=(), repr=False)
    note: str = field(default="", repr=False)


@dataclass
class Checkin:
    """One plan. `due_at` is when the next answer is due; `next_at` when the timer acts, None when it never does.

    `grace_minutes` is how long after that an answer still counts. Then, with `verify_minutes`, a human asks the trusted contacts
    for so long before it is reported. `shared` is what she agreed a partner may know if it is missed; None for nothing.
    `safe_hash`, `help_hash` and `link_hash` are keyed hashes of her two words and of her link. `pending` is an answer that was
    given and not acted on yet: which one it is, is sealed. `wrong` counts words that are neither, for this occasion.
    """

    id: str
    defender_ref: str
    kind: str
    zone: str
    due_at: datetime
    daily: bool
    until: datetime | None
    grace_minutes: int
    verify_minutes: int
    county: str | None
    languages: tuple[str, ...]
    needs: tuple[str, ...]
    shared: tuple[str, ...] | None
    safe_hash: str
    help_hash: str
    link_hash: str
    created_at: datetime
    details: Details = field(repr=False)
    state: State = State.ACTIVE
    occasion: int = 1
    next_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    pending: Answer | None = field(default=None, repr=False)
    pending_at: datetime | None = None
    wrong: int = 0
    revision: int = field(default=0, compare=False)

    def __post_init__(self) -> None:
        """Set the timer of a new plan."""
        if self.next_at is None and self.state is State.ACTIVE:
            self.next_at = self.ends_at

    @property
    def ends_at(self) -> datetime:
        """Until when an answer counts without anyone being asked."""
        return self.due_at + timedelta(minutes=self.grace_minutes)

    @property
    def is_over(self) -> bool:
        """Return True if nothing is expected any more."""
        return self.state is State.ENDED

    def receive(self, answer: Answer, at: datetime) -> None:
        """Note an answer; both are noted in the same way. A call for help is never replaced by a later answer."""
        if self.pending is not Answer.HELP:
            self.pending = answer
        self.pending_at = at

    def settle(self, at: datetime) -> None:
        """End this occasion, as answered: continue with the next one, or end. The plan shows no more than that."""
        self.pending, self.pending_at, self.wrong = None, None, 0
        if self.is_over:
            return
        self.answered_at = at
        following = self._following(max(at, self.due_at))
        if following is None:
            self.end(at)
            return
        self.state, self.due_at, self.occasion = State.ACTIVE, following, self.occasion + 1
        self.next_at = self.ends_at

    def advance(self, now: datetime) -> Happening | None:
        """Do what is due by now, once: ask the trusted contacts, or report. Returns what happened, None if nothing is due."""
        if self.next_at is None or now < self.next_at:
            return None
        if self.state is State.ACTIVE and self.verify_minutes:
            self.state, self.next_at = State.VERIFYING, now + timedelta(minutes=self.verify_minutes)
            return Happening.UNANSWERED
        return self.miss()

    def miss(self) -> Happening:
        """Report it as missed. Nothing is expected until a human decides."""
        self.state, self.next_at = State.MISSED, None
        return Happening.MISSED

    def end(self, at: datetime) -> None:
        """End the plan."""
        self.state, self.next_at, self.ended_at = State.ENDED, None, at

    def _following(self, after: datetime) -> datetime | None:
        """Return when the next answer is due, later than `after`; None after the last one. Skipped days are not made up."""
        if not self.daily:
            return None
        due = self.due_at
        while due <= after:
            due = next_day(due, self.zone)
        return due if self.until is None or due <= self.until else None


def next_day(moment: datetime, zone: str) -> datetime:
    """Return the same time of the clock on the next day. A time that the clocks skip that day is the one that they show then."""
    local = (moment.astimezone(ZoneInfo(zone)).replace(tzinfo=None) + _DAY).replace(tzinfo=ZoneInfo(zone))
    return local.astimezone(UTC)


def moment_of(local: datetime, zone: str) -> tuple[datetime | None, str]:
    """Return the moment of a time of the clock, or why there is none: the clocks skip it, or show it twice (PEP 495)."""
    first, second = (local.replace(tzinfo=ZoneInfo(zone), fold=fold) for fold in (0, 1))
    if first.utcoffset() == second.utcoffset():
        return first.astimezone(UTC), ""
    is_skipped = first.astimezone(UTC).astimezone(ZoneInfo(zone)).replace(tzinfo=None) != local
    return None, "skipped" if is_skipped else "twice"


def details_of(raw: Mapping[str, Any]) -> Details:
    """Return the details of plain values."""
    return Details(tuple(Contact(**each) for each in raw.get("contacts", ())), raw.get("note", ""))
