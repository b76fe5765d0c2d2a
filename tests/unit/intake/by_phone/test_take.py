"""Reports by phone: a source of their own that no system can have, each call once, and who took it on record alone."""

from __future__ import annotations

from typing import Any

import pytest

from ngao.chassis.errors import InvalidInput, NotAllowedNow, NotFound
from ngao.contracts.events.intake import ReportAccepted
from services.intake.by_phone.add import add_to_report
from services.intake.by_phone.preview import CodesOfReport, preview_report
from services.intake.by_phone.take import ReportByPhone, take_report
from services.intake.policy import IntakePolicy
from services.intake.reports.reading import read_report
from services.intake.reports.receive import receive_report
from services.intake.sources.model import BY_PHONE, Source
from services.intake.sources.put import put_source
from tests.support.desk import call
from tests.support.intake import anonymous, report
from tests.support.memory_intake import START, MemoryIntake


@pytest.fixture
def intake(policy: IntakePolicy) -> MemoryIntake:
    return MemoryIntake(policy)


def taken(intake: MemoryIntake, body: dict[str, Any], who: str = "amina") -> dict[str, Any]:
    ctx = intake.by_operator(who)
    ctx.repeats.note(BY_PHONE)  # a repeat is looked up, as after a commit that has met the first one
    answer = take_report(ctx, ReportByPhone().load(body))
    assert answer.status == 202
    return dict(answer.payload)


def test_a_report_by_phone_has_a_source_of_its_own_and_who_took_it_is_on_record_only(intake: MemoryIntake) -> None:
    receipt = taken(intake, report())
    stored = intake.ctx.reports.of_case(receipt["case_ref"])
    assert (stored.source_id, set(receipt)) == (
        BY_PHONE, {"report_id", "case_ref", "urgency", "duplicate", "withdrawn"},
    )  # fmt: skip
    assert [(who, what) for what, who, _ in intake.audit if what.startswith("report.")] == [
        (f"{receipt['case_ref']} source:by-phone", "report.accepted"), (f"{receipt['case_ref']} operator:amina", "report.taken"),
    ]  # fmt: skip
    (accepted,) = intake.payloads(ReportAccepted)
    assert accepted.source_id == BY_PHONE
    assert "amina" not in repr(accepted)


def test_the_same_call_is_one_report_and_another_operators_call_is_another_one(intake: MemoryIntake) -> None:
    body = report()
    first, again = taken(intake, body), taken(intake, body)
    assert (again["case_ref"], first["duplicate"], again["duplicate"]) == (first["case_ref"], False, True)
    assert len([what for what, _, _ in intake.audit if what == "report.taken"]) == 1
    assert taken(intake, body, "baraka")["case_ref"] != first["case_ref"]


def test_the_same_call_with_other_words_is_refused(intake: MemoryIntake) -> None:
    body = report()
    taken(intake, body)
    with pytest.raises(NotAllowedNow) as refused:
        taken(intake, {**body, "narrative": "Other words."})
    assert refused.value.slug == "conflicting-repeat"


def test_a_call_that_breaks_off_has_no_place(intake: MemoryIntake) -> None:
    body = anonymous()
    del body["location"]
    assert intake.ctx.reports.of_case(taken(intake, body)["case_ref"]).county == ""


def test_later_facts_are_added_by_any_operator_and_to_reports_by_phone_only(intake: MemoryIntake) -> None:
    receipt = taken(intake, anonymous(consent=[]))
    update = {"update_id": "one", "consent": [{"purpose": "referral", "scope": ["contact"]}]}
    for _ in range(2):
        add_to_report(intake.by_operator("baraka"), receipt["report_id"], update, call())
    assert [each.purpose for each in intake.ctx.reports.of_case(receipt["case_ref"]).consents] == ["referral"]
    assert [who for what, who, _ in intake.audit if what == "report.added_to"] == [f"{receipt['case_ref']} operator:baraka"]
    other = receive_report(intake.ctx, "forms", read_report(report(), intake.policy.vocabulary))
    with pytest.raises(NotFound):
        add_to_report(intake.by_operator("baraka"), other.report_id, update, call())


def test_no_system_can_be_this_source(intake: MemoryIntake) -> None:
    with pytest.raises(InvalidInput) as refused:
        put_source(intake.by_operator("o"), BY_PHONE, {"new_key": False, "revoke_old_keys": False})
    assert [each.code for each in refused.value.errors] == ["reserved"]
    assert not Source(BY_PHONE, START).may_post, "one that an earlier version has made posts no more"
    assert Source("forms", START).may_post
    assert not Source("forms", START, enabled=False).may_post


class Parts:
    """The parts of a process, as far as a preview needs them."""

    def __init__(self, intake: MemoryIntake) -> None:
        self.read = lambda: intake.ctx


def test_a_preview_is_the_urgency_of_the_report_and_leaves_nothing(intake: MemoryIntake) -> None:
    body = anonymous(violations=[{"type": "enforced_disappearance", "ongoing": True}], needs=["legal_aid"])
    codes = {name: body[name] for name in ("occurred_at", "reporter", "violations", "needs")}
    foreseen = preview_report(Parts(intake), CodesOfReport().load(codes))  # type: ignore[arg-type]
    assert (intake.audit, intake.payloads(ReportAccepted)) == ([], [])
    receipt = taken(intake, body)
    stored = intake.ctx.reports.of_case(receipt["case_ref"])
    assert foreseen["urgency"] == receipt["urgency"] == "critical"
    assert foreseen["reasons"] == [{"rule": each.rule, "text": each.text} for each in stored.triage.reasons]


def test_a_preview_suggests_help_where_none_was_asked_for(intake: MemoryIntake) -> None:
    codes = {"occurred_at": "2026-03-02T08:00:00+03:00", "reporter": {"role": "unknown"}, "violations": [{"type": "bail_denied"}]}
    foreseen = preview_report(Parts(intake), CodesOfReport().load(codes))  # type: ignore[arg-type]
    assert (foreseen["needs_suggested"], list(foreseen["needs"])) == (True, ["bail_and_court_support"])


@pytest.mark.parametrize("name", ["subject", "narrative", "contact_safety", "attachments", "source_event_id"])
def test_a_preview_takes_nothing_that_could_name_a_person(name: str) -> None:
    assert CodesOfReport().validate({name: "Invented Wairimu"})[name]
