"""Law 10: what a source gets depends only on what that source has reported. Two worlds, with and without others' reports."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from datetime import timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ngao.chassis.errors import NgaoError
from services.intake.dry_runs.validate import foresee
from services.intake.policy import IntakePolicy, load
from services.intake.reports.draft import Draft, Person, Place, Violation
from services.intake.reports.model import Update
from services.intake.reports.receive import receive_report
from services.intake.reports.responses import status_answer
from services.intake.reports.show_status import report_for
from services.intake.reports.update import update_report
from services.intake.reports.withdraw import withdraw_report
from services.intake.triage.triage_others import triage_others
from tests.support.memory_intake import START, MemoryIntake
from tests.unit.intake.conftest import POLICY

SHIPPED = load([POLICY])
ME, OTHER = "me", "other"
PEOPLE = ({"phones": ["+254700000001"]}, {"names": ["Amina Mfano"]}, {"emails": ["mfano@example.org"]}, {})
CODES = ("death_threat_to_defender", "threat_to_defender", "raid_on_home", "censorship", "torture", "unlawful_arrest")


@dataclass(frozen=True)
class Act:
    """One thing that a source does."""

    kind: str
    event: int
    person: int
    violation: str
    ongoing: bool = False


ACTS = st.builds(
    Act, st.sampled_from(("post", "post", "post", "validate", "status", "update", "withdraw")), st.integers(0, 3),
    st.integers(0, len(PEOPLE) - 1), st.sampled_from(CODES), st.booleans(),
)  # fmt: skip
WORLDS = st.lists(st.tuples(st.booleans(), ACTS), min_size=2, max_size=14)
"""Acts in order; true: mine, false: another source's."""


def draft_of(act: Act) -> Draft:
    identity = PEOPLE[act.person]
    return Draft(
        source_event_id=f"event-{act.event}", occurred_at=START - timedelta(hours=5), reporter_role="witness",
        violations=(Violation(act.violation, act.ongoing),), place=Place("iso3166-2", "KE-30"),
        person=Person(identity or None),
    )  # fmt: skip


class Source:
    """A source in one world: what it does, and each answer as the bytes that it gets."""

    def __init__(self, intake: MemoryIntake, name: str, policy: IntakePolicy) -> None:
        self.intake, self.name, self.answers = intake, name, []
        self._ids: Iterator[str] = (f"{name}-{n}" for n in count())
        self._reports: dict[int, str] = {}
        self._policy = policy

    def do(self, act: Act) -> None:
        self.intake.number_from(self._ids)
        self.answers.append(self._bytes(getattr(self, act.kind), act))
        for report in list(self.intake.reports.taken_in):
            triage_others(self.intake.ctx, report.id)

    def post(self, act: Act) -> Any:
        receipt = receive_report(self.intake.ctx, self.name, draft_of(act))
        self._reports[act.event] = receipt.report_id
        return asdict(receipt)

    def validate(self, act: Act) -> Any:
        return foresee(self.intake.ctx, self.name, draft_of(act))

    def status(self, act: Act) -> Any:
        return status_answer(report_for(self.intake.ctx, self.name, self._report(act)))

    def update(self, act: Act) -> Any:
        later = Update(violations=(Violation(act.violation, act.ongoing),))
        return asdict(update_report(self.intake.ctx, self.name, self._report(act), later))

    def withdraw(self, act: Act) -> Any:
        return withdraw_report(self.intake.by_source(self.name), self._report(act))

    def _report(self, act: Act) -> str:
        return self._reports.get(act.event, "none")

    def _bytes(self, work: Callable[[Act], Any], act: Act) -> bytes:
        try:
            answer = work(act)
        except NgaoError as error:
            answer = [error.slug, str(error)]
        return json.dumps(answer, default=str, sort_keys=True).encode()


def answers_of(acts: list[tuple[bool, Act]], *, others: bool) -> list[bytes]:
    intake = MemoryIntake(SHIPPED)
    me, other = Source(intake, ME, SHIPPED), Source(intake, OTHER, SHIPPED)
    for mine, act in acts:
        intake.wait(30)
        if mine:
            me.do(act)
        elif others:
            other.do(act)
    return me.answers


@pytest.mark.thorough
@settings(max_examples=200)
@given(WORLDS)
def test_every_answer_is_byte_equal_with_and_without_others_reports(acts: list[tuple[bool, Act]]) -> None:
    assert answers_of(acts, others=True) == answers_of(acts, others=False)


def test_others_reports_do_count_for_those_who_help() -> None:
    intake = MemoryIntake(SHIPPED)
    threat = Act("post", 0, 0, "death_threat_to_defender")
    Source(intake, OTHER, SHIPPED).do(threat)
    me = Source(intake, ME, SHIPPED)
    me.do(replace(threat, event=1))
    inside = intake.reports.taken_in[-1].triage
    assert inside.urgency == "critical"
    assert "death_threat_after_earlier_report" in {reason.rule for reason in inside.reasons}
    assert json.loads(me.answers[0])["urgency"] == "high"


def test_a_sources_own_history_counts_in_what_it_is_answered() -> None:
    me = Source(MemoryIntake(SHIPPED), ME, SHIPPED)
    threat = Act("post", 0, 0, "death_threat_to_defender")
    me.do(threat)
    me.do(replace(threat, event=1))
    assert json.loads(me.answers[1])["urgency"] == "critical"
