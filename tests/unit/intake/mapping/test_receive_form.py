"""An edited form is known by the name of its version: what it states holds from now on, even what was stated first."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from ngao.chassis.errors import NotAllowedNow
from ngao.kernel.consent import Statement
from services.intake.mapping.read_form import receive_form
from services.intake.policy import IntakePolicy
from services.intake.reports.draft import Draft, Person, Place, Violation
from services.intake.reports.erase import erase_report
from services.intake.reports.model import MappedBy, Report
from services.intake.reports.receive import Receipt
from services.intake.reports.withdraw import withdraw_report
from tests.support.memory_intake import START, MemoryIntake

MAPPING = MappedBy("one", (), ())
ORIGINAL = Draft(
    "root", START, "witness", (Violation("unlawful_arrest"),), Place("iso3166-2", "KE-30"), needs=("legal_aid",),
    person=Person({"phones": ["+254700000203"]}, contact_safety={"may_contact": False}),
)  # fmt: skip
AGREED = replace(
    ORIGINAL, consents=(Statement("referral", ("contact",)),),
    person=Person({"phones": ["+254700000203"]}, contact_safety={"may_contact": True}),
)  # fmt: skip


class Form:
    def __init__(self, policy: IntakePolicy) -> None:
        self.intake = MemoryIntake(policy)

    def post(self, draft: Draft, edit: str | None = None, **changes: Any) -> Receipt:
        self.intake.wait()
        return receive_form(self.intake.ctx, "forms", replace(draft, **changes), MAPPING, edit)

    def is_released(self, draft: Draft, edit: str, **changes: Any) -> Receipt:
        """What an operator decides about a form in quarantine."""
        self.intake.wait()
        return receive_form(self.intake.ctx, "forms", replace(draft, **changes), MAPPING, edit, released=True)

    def withdraws(self) -> None:
        self.intake.wait()
        withdraw_report(self.intake.by_source("forms"), self.report.id)

    def is_erased(self) -> None:
        self.intake.wait(3 * 366 * 86400)
        erase_report(self.intake.ctx, self.report.id, "received")

    @property
    def report(self) -> Report:
        found = self.intake.ctx.reports.by_source_event("forms", "root")
        assert found is not None
        return found


@pytest.fixture
def form(policy: IntakePolicy) -> Form:
    return Form(policy)


def test_an_edit_back_to_the_original_takes_the_consent_and_the_contact_back(form: Form) -> None:
    answers = [form.post(ORIGINAL), form.post(AGREED, "v2"), form.post(ORIGINAL, "v3")]
    assert [each.duplicate for each in answers] == [False, False, False]
    assert form.report.consents == ()
    _, change = form.intake.updates[-1]
    assert change.sealed_identity is not None
    assert '"may_contact": false' in change.sealed_identity.box


def test_each_version_counts_once(form: Form) -> None:
    for draft, edit in ((ORIGINAL, None), (AGREED, "v2"), (ORIGINAL, "v3")):
        form.post(draft, edit)
    again = [form.post(ORIGINAL), form.post(AGREED, "v2"), form.post(ORIGINAL, "v3")]
    assert [each.duplicate for each in again] == [True, True, True]
    assert form.report.consents == ()


def test_an_edit_that_made_the_report_is_known_by_its_name(form: Form) -> None:
    made = form.post(AGREED, "v2")
    form.post(ORIGINAL, "v3")
    again = form.post(AGREED, "v2")
    assert (made.duplicate, again.duplicate, again.report_id) == (False, True, made.report_id)
    assert form.report.consents == ()


def test_an_edit_back_to_the_version_that_made_the_report_is_taken(form: Form) -> None:
    form.post(AGREED, "v2")
    form.post(ORIGINAL, "v3")
    assert not form.post(AGREED, "v4").duplicate
    assert [each.purpose for each in form.report.consents] == ["referral"]


def test_an_edit_asks_again_for_what_its_new_act_suggests_and_not_for_all_that_it_repeats(form: Form) -> None:
    form.post(ORIGINAL)
    form.post(ORIGINAL, "v2", violations=(*ORIGINAL.violations, Violation("torture")), needs=("legal_aid", "medical"))
    assert "medical" in form.intake.updates[-1][1].needs_again
    form.post(ORIGINAL, "v3", needs=("legal_aid", "medical"))
    assert form.intake.updates[-1][1].needs_again == ()


AGAIN = (*ORIGINAL.violations, Violation("torture"))


@pytest.mark.parametrize(("ends", "reason"), [(Form.withdraws, "withdrawn"), (Form.is_erased, "forgotten")])
def test_an_edit_of_a_report_that_has_ended_is_for_an_operator_and_released_it_is_a_report_of_its_own(
    form: Form, ends: Callable[[Form], None], reason: str
) -> None:
    ended = form.post(ORIGINAL)
    ends(form)
    with pytest.raises(NotAllowedNow) as refused:
        form.post(ORIGINAL, "v2", violations=AGAIN)
    assert refused.value.slug == reason
    made = form.is_released(ORIGINAL, "v2", violations=AGAIN)
    assert (made.duplicate, made.withdrawn, made.report_id == ended.report_id) == (False, False, False)
    again = form.post(ORIGINAL, "v2", violations=AGAIN)
    assert (again.duplicate, again.report_id) == (True, made.report_id)


def test_an_edit_that_came_before_the_report_ended_stays_what_it_was(form: Form) -> None:
    form.post(ORIGINAL)
    made = form.post(ORIGINAL, "v2", violations=AGAIN)
    form.withdraws()
    for again in (form.post(ORIGINAL, "v2", violations=AGAIN), form.is_released(ORIGINAL, "v2", violations=AGAIN)):
        assert (again.duplicate, again.withdrawn, again.report_id) == (True, True, made.report_id)


def test_a_released_edit_of_an_open_report_updates_it(form: Form) -> None:
    made = form.post(ORIGINAL)
    assert form.is_released(ORIGINAL, "v2", violations=AGAIN).report_id == made.report_id
    assert [each.type for each in form.report.violations] == ["unlawful_arrest", "torture"]
