"""Matching: each exclusion and each score by name, and turns among equals."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from ngao.kernel.consent import EffectiveConsent, effective_consent
from services.referral.directory.model import Directory, Hours, Partner
from services.referral.matching.model import Load, Match, Matcher, MatchRequest
from tests.support.referral import POLICY, START, consent, partner

AGREED = EffectiveConsent({None: frozenset({"contact"})})


def wanted(**changes: Any) -> MatchRequest:
    values: dict[str, Any] = {
        "case_ref": "NG-1", "need": "legal_aid", "county": "KE-30", "languages": ("sw",), "never": frozenset(),
        "tried": frozenset(), "consent": AGREED, "now": START,
    }
    return MatchRequest(**{**values, **changes})


def match(
    *partners: Partner, loads: dict[str, Load] | None = None, responses: dict[str, float] | None = None, **want: Any
) -> Match:
    return Matcher(Directory(partners), lambda _ids: loads or {}, POLICY, responses or {}).match(wanted(**want))


def why_not(one: Partner, loads: dict[str, Load] | None = None, **want: Any) -> str | None:
    reason = Matcher(Directory([one]), lambda _ids: loads or {}, POLICY).why_not(one.id, wanted(**want))
    return reason.rule if reason else None


@pytest.mark.parametrize(
    ("rule", "changes", "want"),
    [
        ("support_type", {"support_types": ("medical",)}, {}),
        ("county", {"counties": ("KE-28",)}, {}),
        ("unvetted", {"vetted": False}, {}),
        ("suspended", {"suspended": True}, {}),
        ("no_key", {"public_key": ""}, {}),
        ("restriction", {}, {"never": frozenset({"a"})}),
        ("already_tried", {}, {"tried": frozenset({"a"})}),
        ("consent", {}, {"consent": EffectiveConsent({"b": frozenset({"contact"})})}),
        ("consent", {}, {"consent": EffectiveConsent({None: frozenset({"contact"})}, refused=frozenset({"a"}))}),
        ("no_capacity", {"capacity": 0}, {}),
    ],
)
def test_a_partner_is_excluded_by(rule: str, changes: dict[str, Any], want: dict[str, Any]) -> None:
    one = partner("a", **changes)
    assert why_not(one, **want) == rule
    assert match(one, **want).candidates == ()


def test_a_full_partner_is_excluded() -> None:
    assert why_not(partner("a", capacity=2), loads={"a": Load(accepted=2)}) == "no_capacity"


def test_a_fitting_partner_is_excluded_by_nothing() -> None:
    assert why_not(partner("a")) is None


def test_exclusions_that_matter_to_the_person_are_always_explained() -> None:
    found = match(partner("a", counties=("KE-28",)), partner("b"), never=frozenset({"a"}))
    assert [(each.partner_id, each.reason.rule) for each in found.excluded] == [("a", "restriction")]


@pytest.mark.parametrize(
    ("better", "worse", "rule"),
    [
        ({"counties": ("KE-30",)}, {"counties": ("*",)}, "local"),
        ({"languages": ("sw",)}, {"languages": ("en",)}, "language"),
        ({"hours": (Hours(time(6), time(20)),)}, {"hours": (Hours(time(20), time(21)),)}, "open_now"),
    ],
)
def test_points_are_given_for(better: dict[str, Any], worse: dict[str, Any], rule: str) -> None:
    first, second = match(partner("z", **better), partner("a", **worse)).candidates
    assert (first.partner_id, second.partner_id) == ("z", "a")
    assert rule in {reason.rule for reason in first.reasons}
    assert rule not in {reason.rule for reason in second.reasons}


def test_free_places_give_points_and_open_offers_take_them() -> None:
    loads = {"a": Load(accepted=1, asked=3), "b": Load(accepted=1)}
    first, second = match(partner("a"), partner("b"), loads=loads).candidates
    assert (first.partner_id, first.score - second.score) == ("b", 12)


def test_a_partner_that_says_yes_more_often_comes_first() -> None:
    found = match(partner("a"), partner("b"), responses={"a": 0.1, "b": 0.9})
    assert [each.partner_id for each in found.candidates] == ["b", "a"]


def test_an_open_offer_takes_a_place() -> None:
    assert not match(partner("a", capacity=1), loads={"a": Load(asked=1)}).candidates
    assert match(partner("a", capacity=2), loads={"a": Load(asked=1)}).candidates


def test_hours_past_midnight_belong_to_the_day_on_which_they_begin() -> None:
    night = partner("a", hours=(Hours(time(20), time(6), ("sat",)),))
    assert night.is_there(datetime(2026, 2, 28, 23, 0, tzinfo=UTC))  # Sunday 02:00 in Nairobi
    assert not night.is_there(datetime(2026, 3, 1, 18, 0, tzinfo=UTC))  # Sunday 21:00
    assert not night.is_there(datetime(2026, 2, 27, 23, 0, tzinfo=UTC))  # Saturday 02:00


def test_hours_from_midnight_to_midnight_are_the_whole_day() -> None:
    day = partner("a", hours=(Hours(time(0), time(0)),))
    assert all(day.is_there(datetime(2026, 3, 1, hour, tzinfo=UTC)) for hour in range(24))


def test_the_score_is_the_sum_of_its_reasons() -> None:
    found = match(partner("a", counties=("KE-30",)))
    assert found.candidates[0].score == 40 + 30 + 20 + 10
    assert found.policy_version == "p1"


def test_equals_take_turns_over_cases_and_one_case_always_gets_the_same() -> None:
    equals = [partner(f"p{number}") for number in range(4)]
    firsts = Counter(match(*equals, case_ref=f"NG-{number}").candidates[0].partner_id for number in range(400))
    assert all(60 <= firsts[each.id] <= 140 for each in equals)
    assert match(*equals).candidates == match(*reversed(equals)).candidates


def test_equals_take_turns_when_there_are_more_than_a_match_considers() -> None:
    crowd = [partner(f"p{number:03}") for number in range(200)]
    directory = Directory(crowd)
    matcher = Matcher(directory, lambda _ids: {}, POLICY)
    firsts = Counter(matcher.match(wanted(case_ref=f"NG-{number}")).candidates[0].partner_id for number in range(600))
    assert len(firsts) > 150


def test_the_work_does_not_grow_with_the_directory() -> None:
    asked: list[int] = []

    def loads(ids: Any) -> dict[str, Load]:
        asked.append(len(ids))
        return {}

    crowd = [partner(f"p{number:05}", counties=("KE-30",)) for number in range(10_000)]
    found = Matcher(Directory(crowd), loads, POLICY).match(wanted())
    assert sum(asked) == len(found.candidates) == POLICY.consider
    assert found.directory_size == 10_000


def test_a_speaker_of_the_language_is_found_behind_any_crowd() -> None:
    crowd = [partner(f"p{number:03}", languages=("en",)) for number in range(300)]
    found = match(*crowd, partner("zz", languages=("luo",)), languages=("luo",))
    assert found.candidates[0].partner_id == "zz"


def test_full_partners_are_passed_over_until_somebody_is_free() -> None:
    crowd = [partner(f"p{number:03}", capacity=1) for number in range(100)]
    full = {each.id: Load(accepted=1) for each in crowd}
    assert [each.partner_id for each in match(*crowd, partner("zz"), loads=full).candidates] == ["zz"]


def test_hours_may_run_past_midnight() -> None:
    night = partner("a", hours=(Hours(time(20), time(6)),), timezone="Africa/Nairobi")
    assert night.is_there(datetime(2026, 3, 2, 20, 0, tzinfo=UTC))
    assert not night.is_there(datetime(2026, 3, 2, 9, 0, tzinfo=UTC))


def test_a_later_withdrawal_counts_in_whatever_order_it_is_heard() -> None:
    facts = [consent(granted=False, at=START + timedelta(hours=1), scope=()), consent()]
    assert not effective_consent(facts, START + timedelta(hours=2)).given
    assert not effective_consent(reversed(facts), START + timedelta(hours=2)).given


def test_consent_ends_at_its_own_time() -> None:
    facts = [consent(until=START + timedelta(hours=1))]
    assert effective_consent(facts, START).given
    assert not effective_consent(facts, START + timedelta(hours=1)).given
