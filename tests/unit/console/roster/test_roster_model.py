"""Who is asked now, who follows, and the gaps of a ladder."""

from __future__ import annotations

import pytest
from marshmallow import ValidationError

from services.console.roster.ladders import NotificationsFile
from services.console.roster.model import Asked, Ladder, Step, gaps_of, watch_of

CRITICAL = Ladder("critical", (Step("amina", 10), Step("juma", 10), Step("wanjiru", 15)), reminders=5)
EVERYONE = {"amina", "juma", "wanjiru"}


def test_the_first_is_asked_now_and_the_others_follow_when_the_time_of_those_before_has_passed() -> None:
    watch = watch_of(CRITICAL, EVERYONE)
    assert watch.now == Asked("amina", 0, 10)
    assert watch.then == (Asked("juma", 10, 20), Asked("wanjiru", 20, 20 + 6 * 15))
    assert (watch.gaps, watch.ends) == ((), 110)


def test_a_person_without_an_address_is_a_gap_that_costs_no_time() -> None:
    watch = watch_of(CRITICAL, EVERYONE - {"amina"})
    assert watch.now == Asked("juma", 0, 10)
    assert watch.then == (Asked("wanjiru", 10, 100),)
    assert watch.gaps == ("amina",)


def test_the_last_who_can_be_reached_is_reminded() -> None:
    watch = watch_of(CRITICAL, {"juma"})
    assert (watch.now, watch.then, watch.ends) == (Asked("juma", 0, 10 + 5 * 15), (), 85)
    assert watch.gaps == ("amina", "wanjiru")


def test_an_empty_ladder_asks_no_one() -> None:
    watch = watch_of(CRITICAL, set())
    assert (watch.now, watch.then, watch.ends) == (None, (), 0)


def test_a_person_of_several_ladders_is_one_gap() -> None:
    daily = Ladder("daily", (Step("wanjiru", 720), Step("juma", 720)))
    watches = [watch_of(ladder, {"amina"}) for ladder in (CRITICAL, daily)]
    assert gaps_of(watches) == ["juma", "wanjiru"]


def test_minutes_are_read_as_notify_reads_them_and_shown_whole_where_they_are() -> None:
    steps = [{"person": "amina", "within_minutes": 7.5}, {"person": "juma", "within_minutes": 10}]
    ladder = NotificationsFile().load({"ladders": {"critical": {"steps": steps}}})["ladders"]["critical"]
    asked = [(each.person, each.within_minutes) for each in ladder["steps"]]
    assert [(person, str(minutes)) for person, minutes in asked] == [("amina", "7.5"), ("juma", "10")]
    for wrong in (0, -1, "soon"):
        with pytest.raises(ValidationError):
            NotificationsFile().load({"ladders": {"critical": {"steps": [{"person": "amina", "within_minutes": wrong}]}}})
