"""What a shift hands over: whose cases, and only those that the page has shown."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from services.console.board.model import Row, Turn
from services.console.handover.model import Given, Taker, given, shift_of

AT = datetime(2026, 11, 30, 2, tzinfo=UTC)
SHOWN = {"csrf_token": "x", "to": "juma", "case-NG-1": "amina", "case-NG-2": "amina", "case-NG-3": ""}


def row(case_ref: str, owner: str | None = None, *alarms: str) -> Row:
    return Row(case_ref, "high", "open", "KE-30", owner, Turn.PARTNER, (), AT, None, alarms)


def test_a_shift_has_what_is_mine_what_no_one_owns_and_every_alarm_that_no_one_has_seen() -> None:
    rows = [row("NG-1", "amina", "m1", "m2"), row("NG-2"), row("NG-3", "juma", "m3"), row("NG-4", "amina")]
    shift = shift_of(rows, "amina", {"amina", "juma"})
    assert [each.case_ref for each in shift.mine] == ["NG-1", "NG-4"]
    assert [each.case_ref for each in shift.unattended] == ["NG-2"]
    assert shift.unseen == 2


def test_a_case_whose_owner_works_on_no_case_any_more_is_unattended() -> None:
    rows = [row("NG-1", "amina"), row("NG-2", "juma"), row("NG-3", "left")]
    assert [each.case_ref for each in shift_of(rows, "amina", {"juma"}).unattended] == ["NG-3"], "one's own is one's own"


def test_one_button_hands_over_one_case_with_the_owner_that_was_shown() -> None:
    assert given({**SHOWN, "only": "NG-2"}, "amina") == [Given("NG-2", "amina")]
    assert given({**SHOWN, "only": "NG-3"}, "amina") == [Given("NG-3", None)]


def test_the_last_button_hands_over_what_was_shown_as_mine_and_no_case_without_an_owner() -> None:
    assert given({**SHOWN, "only": "all"}, "amina") == [Given("NG-1", "amina"), Given("NG-2", "amina")]
    assert given({**SHOWN, "only": "all"}, "juma") == []


@pytest.mark.parametrize("only", ["NG-9", "", "case-NG-1"])
def test_a_case_that_was_not_shown_is_not_handed_over(only: str) -> None:
    assert given({**SHOWN, "only": only}, "amina") == []


def test_a_convenor_takes_cases_of_her_hubs() -> None:
    convenor, officer = Taker("asha", frozenset({"KE-28"})), Taker("juma")
    assert (convenor.may_take("KE-28"), convenor.may_take("KE-30"), officer.may_take("KE-30")) == (True, False, True)
