"""What a risk assessment says, how its risk is rated, and which version of it is reviewed when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import StrEnum
from zoneinfo import ZoneInfo

KEPT_FOR = "protection"
"""Why a person is kept of whom there is an assessment."""
RINGS_AT = time(8)
"""When a review that is due rings, where the coalition works: not at night, because no one has to act within the hour."""


class About(StrEnum):
    """Whom an assessment is about. Each has versions of its own."""

    PERSON = "person"
    FAMILY = "family"
    ORGANISATION = "organisation"


class Progress(StrEnum):
    """How far a measure has come."""

    PLANNED = "planned"
    DONE = "done"
    DROPPED = "dropped"


@dataclass(frozen=True)
class Step:
    """One step of a scale of policy: what it counts in the rating, and its label by language."""

    value: int
    label: Mapping[str, str]


@dataclass(frozen=True)
class Terms:
    """The coalition's scales, who may be responsible for a measure, and how late a review may be.

    `risk` has the lowest rating of each level, in the order of the levels.
    """

    likelihood: Mapping[str, Step]
    impact: Mapping[str, Step]
    level: Mapping[str, Step]
    risk: Mapping[str, Step]
    responsible: Mapping[str, Mapping[str, str]]
    longest_days: int
    version: str = ""


@dataclass(frozen=True)
class Threat:
    """What may be done to them, by whom as far as it is known, how likely that is, and how bad it would be."""

    words: str = field(repr=False)
    likelihood: str
    impact: str


@dataclass(frozen=True)
class Measure:
    """What is done: by whom (a code of policy, or `staff:` and an account), until which day (year-month-day)."""

    words: str = field(repr=False)
    responsible: str
    until: str
    state: str = Progress.PLANNED


@dataclass(frozen=True)
class Content:
    """All that one version says. Vulnerability and capacity are levels, each with what they rest on."""

    threats: tuple[Threat, ...] = field(repr=False)
    vulnerability: str
    capacity: str
    vulnerabilities: tuple[str, ...] = field(default=(), repr=False)
    capacities: tuple[str, ...] = field(default=(), repr=False)
    measures: tuple[Measure, ...] = field(default=(), repr=False)


@dataclass(frozen=True)
class Rating:
    """The risk, with the numbers that made it: threat times vulnerability, divided by capacity."""

    risk: str
    threat: int
    vulnerability: int
    capacity: int


@dataclass
class Assessment:
    """One saved version. Its content never changes; a later version replaces it.

    `ring_at` is when a human is to be asked for a review: None once that has happened, or the version was replaced.
    """

    id: str
    defender_ref: str
    about: str
    number: int
    saved_at: datetime
    saved_by: str
    policy_version: str
    review_at: datetime
    content: Content = field(repr=False)
    rating: Rating = field(repr=False)
    ring_at: datetime | None = None
    is_current: bool = True
    revision: int = field(default=0, compare=False)

    def replace(self) -> None:
        """Keep it as history: it is reviewed no more."""
        self.is_current, self.ring_at = False, None

    def ring(self, now: datetime) -> bool:
        """Record that a human is asked. Returns False when it is not due, or someone was asked already."""
        if not self.is_current or self.ring_at is None or self.ring_at > now:
            return False
        self.ring_at = None
        return True


def assessment_id(ref: str, about: str, number: int) -> str:
    """Return the id of a version, which two officers who save at the same moment cannot both have."""
    return f"{ref}.{about}.{number}"


def moment_of_review(day: date, zone: str) -> datetime:
    """Return when the review of this day rings."""
    return datetime.combine(day, RINGS_AT, ZoneInfo(zone))


def rate(content: Content, terms: Terms) -> Rating:
    """Return the rating: the worst threat counts, because a less likely one takes nothing from it."""
    threat = max(
        (terms.likelihood[each.likelihood].value * terms.impact[each.impact].value for each in content.threats), default=0
    )
    vulnerability, capacity = terms.level[content.vulnerability].value, terms.level[content.capacity].value
    reached = [code for code, step in terms.risk.items() if threat * vulnerability >= step.value * capacity]
    return Rating(reached[-1], threat, vulnerability, capacity)


def newest(versions: Iterable[Assessment]) -> dict[str, Assessment]:
    """Return the version that holds of each kind; of records that humans have linked, the one that was saved last."""
    found: dict[str, Assessment] = {}
    for each in sorted(versions, key=lambda version: (version.saved_at, version.number)):
        if each.is_current:
            found[each.about] = each
    return found
