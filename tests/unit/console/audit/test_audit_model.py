"""Which trail is in doubt, in which order entries of several services are shown, and what a search by days means."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from services.console.audit.model import Trail, actor_of, entries_of, period, trails_of

HASH = "a" * 64


def held(of: str, *, moved: bool = False) -> dict[str, object]:
    return {"of": of, "at": "2026-12-01T00:00:00Z", "chain": 3, "n": 7, "hash": HASH, "moved": moved}


def test_what_contradicts_comes_first_then_what_does_not_answer() -> None:
    trails = trails_of(
        {"intake": [{"n": 3}, {"n": 4}], "referral": None, "notify": []},
        {"referral": [held("intake"), held("notify", moved=True)], "notify": [held("intake")]},
    )
    head = {"chain": 3, "n": 7, "hash": HASH}
    assert trails == [
        Trail("notify", 0, ("referral",), ("referral",), (head,)),
        Trail("referral"),
        Trail("intake", 7, ("notify", "referral"), (), (head, head)),
    ]


def test_entries_of_all_services_are_one_list_the_newest_first() -> None:
    def entry(at: str) -> dict[str, object]:
        return {"at": at, "actor": "operator:amina", "action": "case.read", "subject": "NG-1", "detail": {"b": "2", "a": "1"}}

    found = entries_of({"intake": [entry("2026-12-01T02"), entry("2026-12-01T00")], "notify": [entry("2026-12-01T01")]}, 2)
    assert [(each.at, each.service) for each in found] == [("2026-12-01T02", "intake"), ("2026-12-01T01", "notify")]
    assert found[0].detail == (("a", "1"), ("b", "2"))


@pytest.mark.parametrize(
    ("typed", "actor"), [("amina", "operator:amina"), ("source:forms", "source:forms"), ("", "")]
)
def test_a_name_is_that_of_a_person_unless_its_kind_is_named(typed: str, actor: str) -> None:
    assert actor_of(typed) == actor


def test_a_period_is_whole_days_of_the_coalition() -> None:
    zone = ZoneInfo("Africa/Nairobi")
    assert period("2026-11-30", "2026-11-30", zone) == {
        "since": "2026-11-30T00:00:00+03:00", "until": "2026-12-01T00:00:00+03:00",
    }  # fmt: skip
    assert period("", "", zone) == {}
    with pytest.raises(ValueError, match="isoformat"):
        period("yesterday", "", zone)
