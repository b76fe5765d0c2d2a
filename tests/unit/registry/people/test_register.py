"""A person may be registered without a report; she is kept until that is taken back, and found by what she stated."""

from __future__ import annotations

from typing import Any

import pytest

from ngao.chassis.errors import Forbidden, InvalidInput, NotFound
from ngao.chassis.security.identity import Principal
from ngao.chassis.security.roles import WHOLE
from services.registry.people.erase import erase_cases, erase_people
from services.registry.people.find import find_defenders
from services.registry.people.finding import known_person
from services.registry.people.keeping import keep_for, release
from services.registry.people.register import register_defender, release_defender
from tests.support.registry import MARY, Register

SEES = Principal("operator", "amina", {"identity:read": WHOLE}, grant=WHOLE)
KEEPS = Principal("operator", "amina", {"defenders:write": WHOLE}, grant=WHOLE)


@pytest.fixture
def register() -> Register:
    return Register()


def registered(register: Register, **identity: Any) -> dict[str, Any]:
    return register_defender(register.ctx, {"identity": {"names": [], "phones": [], "emails": []} | (identity or MARY)})


def found(register: Register, reason: str = "case_work", **identity: Any) -> list[str]:
    body = {"identity": {"names": [], "phones": [], "emails": []} | identity, "reason": reason}
    return [each["defender_ref"] for each in find_defenders(register.open(SEES), body)["people"]]


def retention(register: Register, days: int) -> None:
    register.pass_time(days=days)
    for _ in range(2):
        erase_cases(register.ctx, limit=10)
        register.pass_time(hours=1)
        erase_people(register.ctx, limit=10)


def test_a_later_report_about_her_finds_the_record_and_the_same_registration_again_does_too(register: Register) -> None:
    first = registered(register)
    assert (first["known"], first["probable"]) == (False, [])
    assert register.report("NG-1", MARY).defender_ref == first["defender_ref"]
    assert registered(register) == {"defender_ref": first["defender_ref"], "known": True, "probable": []}
    assert len(register.defenders.kept) == 1


def test_who_may_be_the_same_is_named_and_nothing_is_joined(register: Register) -> None:
    mary = registered(register)["defender_ref"]
    other = registered(register, names=["Mary Wanjikuu Kamau"], phones=["0700000009"])
    assert other["defender_ref"] != mary
    assert [each["defender_ref"] for each in other["probable"]] == [mary]


def test_what_names_no_one_is_refused_and_nothing_is_stored(register: Register) -> None:
    with pytest.raises(InvalidInput) as caught:
        registered(register, names=["Name Withheld"])
    assert [each.pointer for each in caught.value.errors] == ["/identity"]
    assert register.defenders.kept == {}


def test_she_is_kept_without_a_case_until_she_is_released(register: Register) -> None:
    ref = registered(register)["defender_ref"]
    register.report("NG-1", MARY)
    retention(register, days=2000)
    assert register.cases.kept["NG-1"].state == "forgotten"
    assert register.defenders.kept[ref].fading_since is None
    assert release_defender(register.ctx, ref) == {"defender_ref": ref, "kept": False}
    retention(register, days=1)
    assert ref not in register.defenders.kept
    with pytest.raises(NotFound):
        release_defender(register.ctx, ref)


def test_a_release_leaves_her_while_a_case_or_a_feature_needs_her(register: Register) -> None:
    ref = registered(register)["defender_ref"]
    keep_for(register.ctx, known_person(register.ctx, ref), "test")
    assert release_defender(register.ctx, ref)["kept"] is True
    with pytest.raises(NotFound):
        release_defender(register.ctx, ref)
    retention(register, days=2000)
    assert ref in register.defenders.kept
    release(register.ctx, known_person(register.ctx, ref), "test")
    retention(register, days=1)
    assert ref not in register.defenders.kept


def test_a_fading_record_is_kept_after_all_by_a_feature(register: Register) -> None:
    ref = registered(register)["defender_ref"]
    release_defender(register.ctx, ref)
    assert register.defenders.kept[ref].fading_since
    keep_for(register.ctx, known_person(register.ctx, ref), "test")
    retention(register, days=1)
    assert found(register, phones=["0700000001"]) == [ref]


def test_she_is_found_by_phone_mail_or_a_similar_name_those_with_an_equal_address_first(register: Register) -> None:
    mary = registered(register)["defender_ref"]
    namesake = registered(register, names=["Wanjiku Kamau"])["defender_ref"]
    assert found(register, phones=["0700 000 001"]) == [mary]
    assert found(register, emails=["MARY@example.org"]) == [mary]
    assert found(register, names=["Kamau Wanjiku"], phones=["0700000001"]) == [mary, namesake]
    assert found(register, names=["Achieng Otieno"]) == []


def test_one_word_of_a_name_finds_too_many(register: Register) -> None:
    with pytest.raises(InvalidInput) as caught:
        found(register, names=["Mary"])
    assert [each.pointer for each in caught.value.errors] == ["/identity"]


def test_only_who_may_see_names_for_this_reason_finds_anyone(register: Register) -> None:
    registered(register)
    with pytest.raises(InvalidInput):
        found(register, reason="curiosity", phones=["0700000001"])
    with pytest.raises(Forbidden):
        find_defenders(register.open(KEEPS), {"identity": MARY, "reason": "case_work"})


def test_each_search_is_on_record_and_holds_nothing_of_what_was_looked_for(register: Register) -> None:
    ref = registered(register)["defender_ref"]
    found(register, phones=["0700000001"])
    found(register, phones=["0700000002"])
    entries = [each for each in register.audited if each.action == "defender.found"]
    assert [each.subject for each in entries] == [ref, "defenders"]
    assert "0700000" not in repr(entries)
