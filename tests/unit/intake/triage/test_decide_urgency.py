"""An operator raises or lowers a report's urgency for a coded reason: what was known then does not undo it, what is new may."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import pytest

from ngao.chassis.errors import InvalidInput, NotAllowedNow, NotFound
from ngao.kernel.actors import Actor
from services.intake.policy import IntakePolicy
from services.intake.reports.draft import Draft, Person, Place, Violation
from services.intake.reports.model import Report, Update
from services.intake.reports.receive import receive_report
from services.intake.reports.responses import status_answer
from services.intake.reports.show_status import report_for
from services.intake.reports.store import ReportRepository
from services.intake.reports.update import update_report
from services.intake.reports.withdraw import withdraw_report
from services.intake.triage.decide_urgency import decide_urgency
from services.intake.triage.triage_others import triage_others
from tests.support.memory_intake import START, MemoryIntake

OFFICER = Actor.operator("officer")
REASON = "new_information"


class Scene:
    """One report of high urgency."""

    def __init__(self, policy: IntakePolicy) -> None:
        self.intake = MemoryIntake(policy)
        self.draft = Draft(
            source_event_id="one", occurred_at=START, reporter_role="witness",
            violations=(Violation("death_threat_to_defender"),),
            place=Place("iso3166-2", "KE-30"), person=Person({"phones": ["+254700000001"]}),
        )  # fmt: skip
        self.receipt = receive_report(self.intake.ctx, "forms", self.draft)

    def decide(self, urgency: str, reason: str = REASON) -> dict[str, Any]:
        self.intake.wait()
        decision = {"urgency": urgency, "reason": reason}
        return decide_urgency(self.intake.by_operator(OFFICER.id), self.receipt.case_ref, decision)

    def update(self, **parts: Any) -> None:
        self.intake.wait()
        update_report(self.intake.ctx, "forms", self.receipt.report_id, Update(**parts))

    @property
    def report(self) -> Report:
        found = self.intake.ctx.reports.get(self.receipt.report_id)
        assert found is not None
        return found

    @property
    def urgency(self) -> str:
        return self.report.triage.urgency


@pytest.fixture
def scene(policy: IntakePolicy) -> Scene:
    return Scene(policy)


@pytest.mark.parametrize("urgency", ["critical", "medium", "low"])
def test_what_an_operator_decides_is_published_audited_and_explained(scene: Scene, urgency: str) -> None:
    assert scene.decide(urgency) == {"case_ref": scene.receipt.case_ref, "urgency": urgency, "urgency_before": "high"}
    ((report, change),) = scene.intake.updates
    by = "operator" if urgency == "critical" else None  # an event names only what has raised the urgency
    assert (change.raised_by, change.urgency_before, report.triage.urgency) == (by, "high", urgency)
    assert report.triage.reasons[0].rule == "operator"
    action, who, detail = scene.intake.audit[-1]
    assert (action, who) == ("report.urgency_decided", f"{scene.receipt.case_ref} {OFFICER}")
    assert detail == {"urgency_before": "high", "urgency": urgency, "reason": REASON}


def test_its_source_is_shown_nothing_of_it(scene: Scene) -> None:
    def seen() -> tuple[Any, Any]:
        status = status_answer(report_for(scene.intake.ctx, "forms", scene.receipt.report_id))
        return status, asdict(receive_report(scene.intake.ctx, "forms", scene.draft))

    before = seen()
    scene.decide("low")
    assert seen() == before


def test_the_urgency_that_it_has_is_decided_without_news(scene: Scene) -> None:
    assert scene.decide("high") == {"case_ref": scene.receipt.case_ref, "urgency": "high", "urgency_before": "high"}
    assert scene.intake.updates == []


def test_an_update_that_only_repeats_does_not_undo_it(scene: Scene) -> None:
    scene.decide("low")
    scene.update(violations=(Violation("death_threat_to_defender"),), key="again")
    scene.update(narrative="More words.", key="words")
    assert scene.urgency == "low"


def test_a_new_and_worse_fact_raises_what_was_lowered(scene: Scene) -> None:
    scene.decide("low")
    scene.update(violations=(Violation("torture", ongoing=True),))
    assert scene.urgency == "critical"
    assert "operator" not in {reason.rule for reason in scene.report.triage.reasons}


def test_another_report_about_the_person_raises_what_was_lowered(scene: Scene) -> None:
    scene.decide("low")
    other = Draft(
        source_event_id="two", occurred_at=START, reporter_role="witness", violations=(Violation("censorship"),),
        place=Place("iso3166-2", "KE-30"), person=scene.draft.person,
    )  # fmt: skip
    assert triage_others(scene.intake.ctx, receive_report(scene.intake.ctx, "other", other).report_id) == 1
    assert scene.urgency == "critical"


def test_no_machine_lowers_what_an_operator_raised(scene: Scene) -> None:
    scene.decide("critical")
    scene.update(violations=(Violation("physical_assault"),))
    assert scene.urgency == "critical"
    assert scene.report.triage.reasons[0].rule == "operator"


def test_the_last_decision_counts_and_is_the_only_one_shown(scene: Scene) -> None:
    scene.decide("critical")
    scene.decide("medium")
    assert [reason.rule for reason in scene.report.triage.reasons].count("operator") == 1
    assert scene.urgency == "medium"


def test_a_decision_is_stored_with_its_report(scene: Scene) -> None:
    scene.decide("low")
    reports = ReportRepository(scene.intake.ctx.unit)
    stored = reports._record(scene.report)
    assert reports._read(stored).decision == scene.report.decision
    assert reports._read({name: value for name, value in stored.items() if name != "decision"}).decision is None


@pytest.mark.parametrize(("urgency", "reason", "pointer"), [("urgent", REASON, "/urgency"), ("low", "mood", "/reason")])
def test_an_unknown_urgency_or_reason_is_named(scene: Scene, urgency: str, reason: str, pointer: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        scene.decide(urgency, reason)
    assert [each.pointer for each in refused.value.errors] == [pointer]
    assert scene.urgency == "high"


def test_a_case_that_is_unknown_or_taken_back_is_refused(scene: Scene) -> None:
    with pytest.raises(NotFound):
        decide_urgency(scene.intake.by_operator(OFFICER.id), "NG-none", {"urgency": "low", "reason": REASON})
    withdraw_report(scene.intake.by_source("forms"), scene.receipt.report_id)
    with pytest.raises(NotAllowedNow):
        scene.decide("low")
