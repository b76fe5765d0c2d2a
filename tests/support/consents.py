"""What is said about consent and asked of it: the table of cases, and statements in any order for properties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import yaml
from hypothesis import strategies as st

from ngao.kernel.consent import Statement

DAY = datetime(2026, 3, 2, tzinfo=UTC)


@dataclass(frozen=True)
class Given:
    """A consent as somebody states it."""

    purpose: str
    scope: tuple[str, ...] = ()
    recipient: str | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class Said:
    """One statement: a source's event with all it states, or one consent given or withdrawn at the registry."""

    kind: str
    at: datetime
    consents: tuple[Given, ...]

    @property
    def by_source(self) -> bool:
        return self.kind in {"report", "update"}


@dataclass(frozen=True)
class Question:
    purpose: str
    scope: str | None
    recipient: str
    at: datetime


def numbered(said: Sequence[Said]) -> list[tuple[int, Said]]:
    """A source's events in the order in which they come, each with the sequence that intake gave it."""
    in_time = sorted((each for each in said if each.by_source), key=lambda each: each.at)
    return [(in_time.index(each) + 1, each) for each in said if each.by_source]


@dataclass(frozen=True)
class Case:
    name: str
    said: tuple[Said, ...]
    asks: Question
    answer: bool
    why: str


def moment(clock: str) -> datetime:
    return datetime.combine(DAY, time.fromisoformat(clock), UTC)


def given_in(raw: dict[str, Any]) -> Given:
    until = raw.get("until")
    return Given(raw["purpose"], tuple(raw.get("scope", ())), raw.get("recipient"), moment(until) if until else None)


def said_in(raw: dict[str, Any]) -> Said:
    kind = next(each for each in ("report", "update", "granted", "withdrawn") if each in raw)
    consents = raw["states"] if kind in {"report", "update"} else [raw]
    return Said(kind, moment(raw[kind]), tuple(given_in(each) for each in consents))


def case_in(raw: dict[str, Any]) -> Case:
    asks = Question(**{**raw["asks"], "at": moment(raw["asks"]["at"])})
    return Case(raw["name"], tuple(said_in(each) for each in raw["said"]), asks, raw["answer"], raw["why"])


_TABLE = Path(__file__).parents[1] / "unit" / "kernel" / "consent_cases.yaml"
CASES = [case_in(each) for each in yaml.safe_load(_TABLE.read_text("utf-8"))]


def statements(said: Said) -> tuple[Statement, ...]:
    """All that was said in one event or at one moment."""
    return tuple(
        Statement(each.purpose, each.scope, each.recipient, each.until, said.at, said.kind != "withdrawn")
        for each in said.consents
    )


MINUTES = st.integers(0, 12)
MOMENTS = MINUTES.map(lambda minutes: DAY + timedelta(minutes=minutes))
PARTNERS = ("clinic", "lawyers")
SCOPES = st.lists(st.sampled_from(["contact", "narrative"]), max_size=2, unique=True).map(tuple)
PURPOSES = st.sampled_from(["referral", "referral", "statistics"])
NAMED = st.sampled_from([None, *PARTNERS])
CONSENTS = st.builds(Given, PURPOSES, SCOPES, NAMED, st.none() | MOMENTS)
TOLD = st.lists(CONSENTS, max_size=3).map(tuple)
UPDATES = st.lists(st.tuples(MOMENTS, TOLD).map(lambda told: Said("update", *told)), max_size=4, unique_by=lambda told: told.at)
GRANTED = st.builds(lambda at, what: Said("granted", at, (what,)), MOMENTS, CONSENTS)
WITHDRAWN = st.builds(
    lambda at, purpose, scope, named: Said("withdrawn", at, (Given(purpose, scope, named),)), MOMENTS, PURPOSES, SCOPES, NAMED,
)
QUESTIONS = st.builds(Question, PURPOSES, st.sampled_from([None, "contact", "narrative"]), st.sampled_from(PARTNERS), MOMENTS)


@st.composite
def in_any_order(draw: st.DrawFn) -> list[Said]:
    """A report, its updates, some of which repeat what was stated before, and what was said at the registry, shuffled."""
    report = Said("report", DAY - timedelta(minutes=1), draw(TOLD))
    updates = draw(UPDATES)
    repeated = [Said("update", each.at, report.consents) if draw(st.booleans()) else each for each in updates]
    changes = draw(st.lists(GRANTED | WITHDRAWN, max_size=5))
    return draw(st.permutations([report, *repeated, *changes]))
