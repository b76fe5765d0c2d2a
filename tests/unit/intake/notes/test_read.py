"""Notes are read with a reason that policy knows, the newest last, and each reading is on record."""

from __future__ import annotations

import pytest

from ngao.chassis.errors import InvalidInput, NotFound
from ngao.chassis.http.bounds import as_seen
from ngao.chassis.http.call import Call
from ngao.chassis.security.identity import Principal
from ngao.chassis.security.roles import Grant
from ngao.contracts import DataClass
from services.intake.notes.read import read_notes
from services.intake.policy import IntakePolicy
from services.intake.service import IntakeService
from tests.support.desk import BARAKA, WORDS, Desk, of_hub


@pytest.fixture
def desk(policy: IntakePolicy) -> Desk:
    made = Desk(policy)
    made.writes()
    made.intake.wait(60)
    made.writes("She called back.", corrects=1, who=BARAKA)
    return made


def test_notes_are_shown_in_their_order_with_author_time_and_what_they_correct(desk: Desk) -> None:
    shown = read_notes(desk.by(), desk.case_ref, reason="case_work")
    assert [(each["number"], each["author"], each["text"], each["corrects"]) for each in shown["notes"]] == [
        (1, "operator:amina", WORDS, None),
        (2, "operator:baraka", "She called back.", 1),
    ]
    assert shown["notes"][0]["at"] < shown["notes"][1]["at"]
    assert (shown["case_ref"], shown["forgotten"]) == (desk.case_ref, False)
    assert desk.audited("note.read") == [(f"{desk.case_ref} operator:amina", {"reason": "case_work", "notes": "2"})]


@pytest.mark.parametrize("reason", ["", "curiosity"])
def test_without_a_reason_that_policy_knows_nothing_is_read(desk: Desk, reason: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        read_notes(desk.by(), desk.case_ref, reason=reason)
    assert [each.pointer for each in refused.value.errors] == ["/reason"]
    assert desk.audited("note.read") == []


def test_another_hubs_notes_are_answered_as_those_of_a_case_that_does_not_exist(desk: Desk) -> None:
    with pytest.raises(NotFound):
        read_notes(desk.by(of_hub("KE-28")), desk.case_ref, reason="case_work")
    assert len(read_notes(desk.by(of_hub("KE-30")), desk.case_ref, reason="case_work")["notes"]) == 2


def test_a_case_without_notes_has_an_empty_list(desk: Desk) -> None:
    assert read_notes(desk.by(), desk.another_case(), reason="case_work")["notes"] == []


def test_a_role_that_sees_codes_alone_is_not_shown_the_text(desk: Desk) -> None:
    operation = IntakeService.endpoints["readNotes"].operation
    grant = Grant(sees=frozenset({DataClass.PUBLIC, DataClass.INTERNAL}))
    call = Call(Principal("operator", "blind", grant=grant), b"", "application/json", {}, "")
    seen = as_seen(read_notes(desk.by(), desk.case_ref, reason="case_work"), operation, call).payload
    assert [set(each) for each in seen["notes"]] == [{"number", "author", "at", "corrects"}] * 2
