"""A later report about the same person can make an earlier one more urgent: operators and partners know it, not its source."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from services.intake.policy import IntakePolicy
from services.intake.reports.draft import Draft, Person, Place, Violation
from services.intake.reports.model import Report, Update
from services.intake.reports.progress import Step
from services.intake.reports.receive import Receipt, receive_report
from services.intake.reports.responses import status_answer
from services.intake.reports.show_status import report_for
from services.intake.reports.update import update_report
from services.intake.reports.withdraw import withdraw_report
from services.intake.triage.triage_others import MOST_TRIAGED, triage_others
from tests.support.memory_intake import START, MemoryIntake

PERSON = Person({"phones": ["+254700000001"]})
THREAT = Violation("death_threat_to_defender")
MILD = Violation("censorship")


class Scene:
    """The first report is a death threat, which is critical once somebody else has reported about the same person."""

    def __init__(self, policy: IntakePolicy) -> None:
        self.intake = MemoryIntake(policy)
        self.first = self.post("hotline", "first", THREAT)

    def post(self, source: str, event: str, violation: Violation, person: Person = PERSON) -> Receipt:
        self.intake.wait()
        draft = Draft(
            source_event_id=event, occurred_at=START, reporter_role="witness", violations=(violation,),
            place=Place("iso3166-2", "KE-30"), person=person,
        )  # fmt: skip
        return receive_report(self.intake.ctx, source, draft)

    def later(self, person: Person = PERSON) -> int:
        """Another source's report, and what it makes of earlier ones: how many are raised."""
        receipt = self.post("forms", f"later-{len(self.intake.reports.taken_in)}", MILD, person)
        return triage_others(self.intake.ctx, receipt.report_id)

    @property
    def report(self) -> Report:
        found = self.intake.ctx.reports.get(self.first.report_id)
        assert found is not None
        return found

    def change(self, **parts: Any) -> None:
        report = self.report
        for name, value in parts.items():
            setattr(report, name, value)
        self.intake.ctx.reports.save(report)


@pytest.fixture
def scene(policy: IntakePolicy) -> Scene:
    return Scene(policy)


def test_an_earlier_report_that_a_later_one_makes_more_urgent_is_published_as_risen(scene: Scene) -> None:
    before = scene.report.triage.urgency
    assert scene.later() == 1
    ((report, change),) = scene.intake.updates
    assert (change.raised_by, change.urgency_before, change.news) == ("history", before, ())
    assert report.case_ref == change.case_ref == scene.first.case_ref
    assert (before, report.triage.urgency, scene.report.triage.urgency) == ("high", "critical", "critical")
    assert "death_threat_after_earlier_report" in {reason.rule for reason in report.triage.reasons}
    assert scene.intake.audit[-1][0] == "report.raised"


def test_of_two_that_came_together_each_is_triaged_with_the_other(scene: Scene) -> None:
    """The later one did not find the first when it was triaged: it is triaged again itself when its turn comes."""
    later = scene.post("forms", "later", THREAT)
    ctx = scene.intake.ctx
    stored = ctx.reports.get(later.report_id)
    assert stored is not None
    stored.triage = type(stored.triage)("high", (), 60, stored.triage.policy_version)
    ctx.reports.save(stored)
    assert triage_others(scene.intake.ctx, later.report_id) == 2
    again = scene.intake.ctx.reports.get(later.report_id)
    assert again is not None
    assert (scene.report.triage.urgency, again.triage.urgency) == ("critical", "critical")


def test_its_source_is_shown_nothing_of_it(scene: Scene) -> None:
    def seen() -> tuple[Any, Any]:
        status = status_answer(report_for(scene.intake.ctx, "hotline", scene.first.report_id))
        return status, asdict(scene.post("hotline", "first", THREAT))

    before = seen()
    assert scene.later() == 1
    assert seen() == before


def test_what_is_raised_once_is_not_raised_by_the_next_report(scene: Scene) -> None:
    assert [scene.later(), scene.later()] == [1, 0]


@pytest.mark.parametrize("person", [Person({"phones": ["+254700000002"]}), Person()])
def test_a_report_about_somebody_else_or_nobody_raises_nothing(scene: Scene, person: Person) -> None:
    assert scene.later(person) == 0


def test_what_is_withdrawn_or_closed_is_left_as_it_is(scene: Scene) -> None:
    scene.change(steps=(Step("referral.case.closed", START, 1),))
    assert scene.later() == 0
    scene.change(steps=())
    withdraw_report(scene.intake.by_source("hotline"), scene.first.report_id)
    assert scene.later() == 0


def test_a_closed_report_counts_for_the_later_one_whose_own_case_asks_an_officer(scene: Scene) -> None:
    """The closed case is not opened by it: what is done was done, and the danger of now is that of the later report."""
    scene.change(steps=(Step("referral.case.closed", START, 1),))
    later = scene.post("forms", "later", THREAT)
    assert triage_others(scene.intake.ctx, later.report_id) == 0
    assert scene.intake.updates == []
    accepted = scene.intake.reports.taken_in[-1]
    assert (accepted.id, accepted.triage.urgency) == (later.report_id, "critical")
    assert "death_threat_after_earlier_report" in {reason.rule for reason in accepted.triage.reasons}


def test_a_later_report_that_is_gone_by_then_raises_nothing(scene: Scene) -> None:
    receipt = scene.post("forms", "later", MILD)
    withdraw_report(scene.intake.by_source("forms"), receipt.report_id)
    assert triage_others(scene.intake.ctx, receipt.report_id) == 0
    assert triage_others(scene.intake.ctx, "none") == 0


def test_what_an_update_brings_counts_for_other_reports_and_words_alone_do_not(scene: Scene) -> None:
    later = scene.post("forms", "later", MILD, Person({"phones": ["+254700000002"]}))
    assert triage_others(scene.intake.ctx, later.report_id) == 0
    update_report(scene.intake.ctx, "forms", later.report_id, Update(narrative="More words."))
    assert later.report_id not in scene.intake.ctx.reports.with_others_to_triage(100)
    update_report(scene.intake.ctx, "forms", later.report_id, Update(person=PERSON))
    assert later.report_id in scene.intake.ctx.reports.with_others_to_triage(100)
    assert triage_others(scene.intake.ctx, later.report_id) == 1


def test_each_report_is_judged_with_once_and_what_it_raises_raises_nothing_more(scene: Scene) -> None:
    assert scene.later() == 1
    due = [each for each in scene.intake.ctx.reports.with_others_to_triage(100) if each != scene.first.report_id]
    assert due == []


def test_a_bounded_number_is_judged_at_once(scene: Scene) -> None:
    for at in range(MOST_TRIAGED + 5):
        scene.post("hotline", f"more-{at}", MILD)
        scene.intake.ctx.reports.save(_low(scene.intake.reports.taken_in[-1]))
    assert scene.later() == MOST_TRIAGED


def _low(report: Report) -> Report:
    report.triage = type(report.triage)("low", report.triage.reasons, 0, report.triage.policy_version)
    return report
