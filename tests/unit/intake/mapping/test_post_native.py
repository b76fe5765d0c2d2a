"""What a form tool posts and intake does not accept is kept for an operator: the tool does not post it again."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, cast

import pytest

from ngao.chassis.errors import InvalidInput, NotAllowedNow
from ngao.chassis.http.call import Call
from ngao.chassis.security.identity import Principal
from ngao.contracts.events.intake import ReportQuarantined
from services.intake.context import Context, IntakeParts
from services.intake.mapping.post_native import post_native
from services.intake.policy import IntakePolicy
from services.intake.reports.erase import erase_report
from services.intake.reports.model import Report
from services.intake.reports.withdraw import withdraw_report
from services.intake.sources.model import Source
from tests.support.cases import case
from tests.support.memory_intake import MemoryIntake

FORM = {**case("form/email-none"), "meta/rootUuid": "uuid:one", "meta/instanceID": "uuid:one"}
EDIT = {
    **FORM, "meta/instanceID": "uuid:two", "meta/deprecatedID": "uuid:one",
    "incident/violation_type": f"{FORM['incident/violation_type']} smear",
}  # fmt: skip


class Shelf:
    """The quarantine: the reasons for which something was kept, and the errors in it."""

    def __init__(self) -> None:
        self.kept: list[tuple[str, list[dict[str, str]]]] = []

    def is_waiting(self, *_: object) -> bool:
        return False

    def load(self, _account: str) -> tuple[int, int]:
        return 0, 0

    def park(self, *_: object, reason: str, errors: list[dict[str, str]]) -> str:
        self.kept.append((reason, errors))
        return f"kept-{len(self.kept)}"


class Forms:
    """The parts of intake that an endpoint needs, in memory."""

    def __init__(self, policy: IntakePolicy) -> None:
        self.intake, self.policy, self.shelf = MemoryIntake(policy), policy, Shelf()
        self.intake.ctx.sources.save(Source("forms", self.intake.now, profile="kobo"))

    def read(self) -> Context:
        ctx = self.intake.by_source("forms")
        ctx.shelf = cast(Any, self.shelf)
        return ctx

    def run(self, work: Callable[[Context], Any], _call: Call) -> Any:
        return work(self.read())

    def post(self, form: dict[str, Any]) -> dict[str, Any]:
        self.intake.wait()
        call = Call(Principal("source", "forms"), json.dumps(form).encode(), "application/json", {}, "")
        answer = post_native(cast(IntakeParts, self), call, "forms")
        assert answer.status == 202
        return dict(cast(dict[str, Any], answer.payload))

    def withdraws(self) -> None:
        withdraw_report(self.intake.by_source("forms"), self.report.id)

    def is_erased(self) -> None:
        self.intake.wait(4 * 366 * 86400)
        erase_report(self.intake.ctx, self.report.id, "received")

    @property
    def announced(self) -> list[str]:
        """What a duty officer is told to look at."""
        events = [each.event for unit in self.intake.units for each in unit.publications]
        return [str(each.data["quarantine_id"]) for each in events if each.type == ReportQuarantined.type_name]

    @property
    def report(self) -> Report:
        found = self.intake.ctx.reports.by_source_event("forms", "one")
        assert found is not None
        return found


@pytest.fixture
def forms(policy: IntakePolicy) -> Forms:
    return Forms(policy)


def test_a_form_that_is_accepted_is_not_kept(forms: Forms) -> None:
    assert forms.post(FORM)["quarantined"] is False
    assert forms.post(EDIT)["quarantined"] is False
    assert forms.shelf.kept == []


@pytest.mark.parametrize(("ends", "reason"), [(Forms.withdraws, "withdrawn"), (Forms.is_erased, "forgotten")])
def test_an_edit_of_a_report_that_has_ended_is_kept_and_an_officer_is_asked(
    forms: Forms, ends: Callable[[Forms], None], reason: str
) -> None:
    forms.post(FORM)
    ends(forms)
    answer = forms.post(EDIT)
    assert (answer["quarantined"], answer["quarantine_id"], answer["reason"]) == (True, "kept-1", reason)
    assert [kept for kept, _ in forms.shelf.kept] == [reason]
    assert forms.announced == ["kept-1"]


def test_a_form_with_other_content_under_a_known_id_is_kept(forms: Forms) -> None:
    forms.post(FORM)
    assert forms.post({**FORM, "incident/violation_type": "smear"})["reason"] == "conflicting-repeat"


@pytest.mark.parametrize("refusal", [NotAllowedNow("No.", slug="not-now"), InvalidInput("No.", slug="not-now")])
def test_whatever_refuses_a_form_it_is_kept(forms: Forms, refusal: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise refusal

    monkeypatch.setattr("services.intake.mapping.post_native.accept_form", refuse)
    assert forms.post(FORM)["reason"] == "not-now"
