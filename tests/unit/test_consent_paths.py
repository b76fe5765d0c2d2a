"""Intake, referral and the registry ask the kernel about consent; none loses a part of it in its entity or in its store.

Every case of the table goes through each service's own entity and stored record before the question is asked.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace

import pytest
from hypothesis import given, settings

from ngao.chassis.storage.unit_of_work import Unit
from ngao.contracts import decode, encode
from ngao.contracts.events.intake import StatedConsent
from ngao.kernel.consent import ConsentAnswer, ConsentChange, Statement, carried_over, consent_answer
from ngao.testing.memory import unit_in_memory
from services.intake.reports.model import Report, Update
from services.intake.reports.store import ReportRepository
from services.referral.cases.applying import apply_consent, apply_report
from services.referral.cases.model import Case as ReferralCase
from services.referral.cases.store import CaseRepository as ReferralCases
from services.registry.cases.model import Case as RegistryCase
from services.registry.cases.model import CaseState
from services.registry.cases.store import CaseRepository
from services.registry.people.publishing import publish_consent
from services.registry.people.resolve import statements_of
from tests.support.consents import CASES, DAY, QUESTIONS, Case, Question, Said, in_any_order, numbered, statements
from tests.support.filled import filled
from tests.support.referral import office, payload_of
from tests.support.referral import report as referral_report
from tests.support.registry import Register

QUIET = office().ctx().deadlines


def _stated(consent: Statement) -> StatedConsent:
    return StatedConsent(purpose=consent.purpose, scope=consent.scope, recipient=consent.recipient, until=consent.until)


def since(said: Sequence[Said]) -> list[Statement]:
    """What the person told an operator, in the order in which it comes."""
    return [each for told in said if not told.by_source for each in statements(told)]


def intake_answers(said: Sequence[Said], asks: Question) -> bool:
    """Intake is where a source's events begin, so it has them in their own order."""
    report = replace(filled(Report), consents=(), consent_history=())
    for place, telling in sorted(numbered(said), key=lambda each: each[0]):
        new = tuple(Statement(each.purpose, each.scope, each.recipient, each.until) for each in telling.consents)
        if place == 1:
            report.consents = carried_over((), new, telling.at)
        else:
            report.apply(Update(consents=new), telling.at)
    for sequence, change in enumerate(since(said), 1):
        report.note_consent(ConsentChange(change, sequence))
    reports = ReportRepository(unit_in_memory(DAY))
    kept = reports._read(reports._record(report))
    return _live((*kept.consents, *kept.consent_changes), asks)


def referral_answers(said: Sequence[Said], asks: Question) -> bool:
    """Referral hears of one purpose only; its messages leave the others out."""
    case = ReferralCase("NG-1", DAY, None)
    for sequence, told in numbered(said):
        mine = [each for each in statements(told) if each.purpose == "referral"]
        apply_report(case, referral_report(sequence=sequence, needs=()), mine, asks.at, QUIET)
    for sequence, change in enumerate(since(said), 1):
        if change.purpose == "referral":
            apply_consent(case, ConsentChange(change, sequence), asks.at, QUIET)
    cases = ReferralCases(unit_in_memory(DAY))
    kept = cases._read(cases._record(case))
    return kept.effective_consent(asks.at).allows(asks.recipient, asks.scope)


def registry_answers(said: Sequence[Said], asks: Question) -> bool:
    """The registry says changes itself and hears of reports, in any order."""
    case = replace(filled(RegistryCase), consent_snapshots=(), statements=(), state=CaseState.OPEN)
    for sequence, told in numbered(said):
        case.store_consents(statements_of(map(_stated, told.consents), told.at), sequence)
    for statement in since(said):
        case.record_statement(statement)
    unit = Unit(DAY, None, None)  # type: ignore[arg-type]  # nothing is read
    unit._sealer = SimpleNamespace(seal=lambda *told: told[-1], open=lambda *told: told[-1])  # type: ignore[assignment]
    repository = CaseRepository(unit)
    kept = repository._read({**repository._record(case), "_id": case.id})
    return _live((*kept.reported, *kept.statements), asks)


def _live(said: tuple[Statement, ...], asks: Question) -> bool:
    found = consent_answer(said, purpose=asks.purpose, scope=asks.scope, recipient=asks.recipient, now=asks.at)
    return found is ConsentAnswer.LIVE


ANSWERS: dict[str, Callable[[Sequence[Said], Question], bool]] = {
    "intake": intake_answers, "referral": referral_answers, "registry": registry_answers,
}


@pytest.mark.parametrize("service", ANSWERS)
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_every_service_answers_as_the_table_says(case: Case, service: str) -> None:
    assert ANSWERS[service](case.said, case.asks) is case.answer, case.why


@settings(max_examples=200)
@given(in_any_order(), QUESTIONS)
def test_the_services_agree_whatever_was_said_in_whatever_order(said: list[Said], asks: Question) -> None:
    asks = replace(asks, purpose="referral")
    answers = {name: answer(said, asks) for name, answer in ANSWERS.items()}
    assert len(set(answers.values())) == 1, answers


# Nothing is lost on the way


@pytest.mark.parametrize("until", [None, DAY + timedelta(days=3)])
def test_the_end_of_a_consent_given_at_the_registry_reaches_intake_and_referral(until: datetime | None) -> None:
    register = Register()
    register.report("NG-7K2M9QX4TB")
    spoken = Statement("referral", ("contact",), "clinic", until, DAY)
    ctx = register.ctx
    publish_consent(ctx, register.cases.kept["NG-7K2M9QX4TB"], None, spoken)
    sent = decode(encode(ctx.unit.publications[0].event))
    assert payload_of(sent).statement == spoken
