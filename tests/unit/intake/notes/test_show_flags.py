"""Flags are codes: who may read a report in codes may read them, and how many notes there are, and no note."""

from __future__ import annotations

import pytest

from ngao.chassis.errors import InvalidInput, NotFound
from services.intake.notes.show_flags import show_flags
from services.intake.policy import IntakePolicy
from services.intake.reports.read_case import read_case_report
from tests.support.desk import WORDS, Desk, of_hub


@pytest.fixture
def desk(policy: IntakePolicy) -> Desk:
    return Desk(policy)


def test_a_case_without_a_file_has_no_flag_set(desk: Desk) -> None:
    shown = show_flags(desk.by(), desk.case_ref, reason="case_work")
    assert {each["is_set"] for each in shown["flags"]} == {False}
    assert (shown["revision"], shown["notes"], shown["forgotten"]) == (0, 0, False)
    assert desk.audited("flag.read") == [(f"{desk.case_ref} operator:amina", {"reason": "case_work"})]


def test_the_number_of_notes_is_shown_and_no_word_of_them(desk: Desk) -> None:
    desk.writes()
    desk.flags("do_not_visit")
    shown = show_flags(desk.by(of_hub("KE-30")), desk.case_ref, reason="case_work")
    assert (shown["revision"], shown["notes"]) == (1, 1)
    assert [each["code"] for each in shown["flags"] if each["is_set"]] == ["do_not_visit"]
    assert WORDS not in str(shown)


def test_the_report_in_codes_shows_what_is_set(desk: Desk) -> None:
    assert read_case_report(desk.by(), desk.case_ref, reason="case_work")["flags"] == []
    desk.flags("do_not_visit")
    desk.flags("media_interest", seen=1)
    desk.flags("media_interest", is_set=False, seen=2)
    assert read_case_report(desk.by(), desk.case_ref, reason="case_work")["flags"] == ["do_not_visit"]
    desk.erases()
    assert read_case_report(desk.by(), desk.case_ref, reason="case_work")["flags"] == []


def test_a_reason_is_demanded_and_another_hubs_case_is_not_there(desk: Desk) -> None:
    with pytest.raises(InvalidInput):
        show_flags(desk.by(), desk.case_ref)
    with pytest.raises(NotFound):
        show_flags(desk.by(of_hub("KE-28")), desk.case_ref, reason="case_work")
