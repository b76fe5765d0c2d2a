"""Intake, referral and the registry each judge consent for themselves, and must never differ.

`consent_cases.yaml` says what is right; the property looks for statements on which the three disagree. Each adapter only turns
statements into a service's own values; registry and referral hear a source's events in the order in which they arrive.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ngao.contracts import Event, decode, encode, open_event
from services.intake.domain.consent import Consent, ConsentChange, carried_over, refusal
from services.intake.messages import change_of
from services.referral.domain.consent import ConsentFact, Telling, standing, stated
from services.referral.messages import consent_of
from services.registry.consent import model as registry
from services.registry.messages import UnitVoice
from tests.support.registry import Register

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


def intake_answers(said: Sequence[Said], asks: Question) -> bool:
    """Intake is where a source's events begin, so it has them in their own order; the registry's come as they come."""
    consents: tuple[Consent, ...] = ()
    for _, telling in sorted(numbered(said), key=lambda each: each[0]):
        new = [Consent(each.purpose, each.scope, each.recipient, each.until) for each in telling.consents]
        consents = carried_over(consents, new, telling.at)
    changes = [
        ConsentChange(each.purpose, each.scope, each.recipient, told.kind == "granted", told.at, each.until)
        for told in said if not told.by_source for each in told.consents
    ]
    why = refusal(consents, changes, purpose=asks.purpose, data=asks.scope, recipient=asks.recipient, now=asks.at)
    return why is None


def referral_answers(said: Sequence[Said], asks: Question) -> bool:
    """Referral hears of one purpose only; the others never reach its facts."""
    def facts(told: Said, *, granted: bool = True) -> tuple[ConsentFact, ...]:
        mine = (each for each in told.consents if each.purpose == asks.purpose)
        return tuple(ConsentFact(each.scope, each.recipient, granted, told.at, each.until) for each in mine)

    tellings = [Telling(sequence, facts(told)) for sequence, told in numbered(said)]
    others = [fact for told in said if not told.by_source for fact in facts(told, granted=told.kind == "granted")]
    agreed = standing([*stated(tellings), *others], asks.at)
    if asks.scope is None:
        return agreed.allows(asks.recipient)
    return asks.scope in agreed.scopes_for(asks.recipient)


def registry_answers(said: Sequence[Said], asks: Question) -> bool:
    """The registry says changes itself and hears of reports."""
    def statements(told: Said) -> tuple[registry.Statement, ...]:
        return tuple(
            registry.Statement(
                granted=told.kind != "withdrawn", purpose=each.purpose, scope=frozenset(each.scope), at=told.at,
                recipient=each.recipient, until=each.until,
            )
            for each in told.consents
        )

    tellings = [registry.Telling(sequence, statements(told)) for sequence, told in numbered(said)]
    others = [statement for told in said if not told.by_source for statement in statements(told)]
    return registry.live((*registry.stated(tellings), *others), asks.purpose, asks.scope, asks.recipient, asks.at)


ANSWERS: dict[str, Callable[[Sequence[Said], Question], bool]] = {
    "intake": intake_answers, "referral": referral_answers, "registry": registry_answers,
}


# The table


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


CASES = [case_in(each) for each in yaml.safe_load((Path(__file__).parent / "consent_cases.yaml").read_text("utf-8"))]


@pytest.mark.parametrize("service", ANSWERS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_service_answers_as_the_table_says(case: Case, service: str) -> None:
    assert ANSWERS[service](case.said, case.asks) is case.answer, case.why


def test_the_table_names_each_case_once_and_gives_its_reason() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 25
    assert all(case.why for case in CASES)
    assert {case.answer for case in CASES} == {True, False}


# What nobody has thought of

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


@settings(max_examples=400, deadline=None)
@given(in_any_order(), QUESTIONS)
@example([], Question("referral", None, "clinic", DAY))
def test_the_services_agree_whatever_was_said_in_whatever_order(said: list[Said], asks: Question) -> None:
    answers = {name: answer(said, asks) for name, answer in ANSWERS.items()}
    assert len(set(answers.values())) == 1, answers


@settings(max_examples=200, deadline=None)
@given(in_any_order(), QUESTIONS, st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_no_answer(said: list[Said], asks: Question, random: Any) -> None:
    mixed = list(said)
    random.shuffle(mixed)
    assert [answer(said, asks) for answer in ANSWERS.values()] == [answer(mixed, asks) for answer in ANSWERS.values()]


@settings(max_examples=200, deadline=None)
@given(in_any_order(), QUESTIONS)
def test_after_a_whole_withdrawal_at_the_end_nobody_says_yes(said: list[Said], asks: Question) -> None:
    end = Said("withdrawn", DAY + timedelta(hours=1), (Given(asks.purpose),))
    assert not any(answer([*said, end], asks) for answer in ANSWERS.values())


# Nothing is lost on the way


@dataclass
class Outbox:
    """The part of a unit of work that a voice needs."""

    now: datetime = DAY
    traceparent: str | None = None
    said: list[Event] = field(default_factory=list)

    def emit(self, event: Event) -> None:
        self.said.append(event)


@pytest.mark.parametrize("until", [None, DAY + timedelta(days=3)])
def test_the_end_of_a_consent_given_at_the_registry_reaches_intake_and_referral(until: datetime | None) -> None:
    register, outbox = Register(), Outbox()
    register.report("NG-7K2M9QX4TB")
    spoken = registry.Statement(
        granted=True, purpose="referral", scope=frozenset({"contact"}), at=DAY, recipient="clinic", until=until,
    )
    UnitVoice(outbox).consent_changed(register.cases.kept["NG-7K2M9QX4TB"], None, spoken)
    sent = decode(encode(outbox.said[0]))
    heard = Event(**{**vars(sent), "data": open_event(sent)})
    assert change_of(heard) == ConsentChange("referral", ("contact",), "clinic", granted=True, effective_at=DAY, until=until)
    assert consent_of(heard) == ("referral", ConsentFact(("contact",), "clinic", granted=True, at=DAY, until=until))
