"""What a convenor sees: members of her own hub only, and of them what each agreed to."""

from __future__ import annotations

from typing import Any

import pytest

from ngao.chassis.errors import InvalidInput, NotFound
from ngao.chassis.security.identity import Principal
from services.registry.networks.see import list_members, list_networks, see_members
from tests.support.registry import MARY, OPERATOR
from tests.unit.registry.networks.conftest import SEES_ALL, Office, convenor

NAIROBI = convenor("KE-30")


def seen(office: Office, caller: Principal = NAIROBI, hub: str = "nairobi") -> list[dict[str, Any]]:
    return list(see_members(office.by(caller), "women", hub)["members"])


def hubs(office: Office, caller: Principal) -> dict[str, int]:
    (network,) = list_networks(office.by(caller))["networks"]
    return {each["code"]: each["seen"] for each in network["hubs"]}


def test_a_convenor_sees_members_who_agreed_and_no_other(office: Office) -> None:
    agreed = office.member(seen_by_convenor=True)
    office.member()
    office.invite(office.person())
    assert [each["defender_ref"] for each in seen(office)] == [agreed]
    assert hubs(office, NAIROBI) == {"nairobi": 1}


def test_who_left_or_agrees_no_longer_is_not_seen(office: Office) -> None:
    gone, silent = office.member(**SEES_ALL), office.member(**SEES_ALL)
    ids = {ref: office.membership(ref)["membership_id"] for ref in (gone, silent)}
    assert len(seen(office)) == 2
    office.leaves(gone, ids[gone])
    office.agrees(silent, ids[silent])
    assert seen(office) == []
    assert hubs(office, NAIROBI) == {"nairobi": 0}


def test_members_of_another_hub_are_those_of_a_hub_that_does_not_exist(office: Office) -> None:
    office.member("coast", **SEES_ALL)
    answers = []
    for hub in ("coast", "atlantis"):
        with pytest.raises(NotFound) as refused:
            seen(office, NAIROBI, hub)
        answers.append(str(refused.value))
    assert answers[0] == answers[1]
    assert hubs(office, NAIROBI) == {"nairobi": 0}


def test_a_hub_of_two_counties_is_of_a_convenor_who_has_both(office: Office) -> None:
    ref = office.member("coast", **SEES_ALL)
    with pytest.raises(NotFound):
        seen(office, convenor("KE-28"), "coast")
    assert [each["defender_ref"] for each in seen(office, convenor("KE-28", "KE-19"), "coast")] == [ref]
    with pytest.raises(NotFound):
        seen(office, convenor(), "nairobi")


def test_her_cases_are_named_only_where_she_agreed_to_that(office: Office) -> None:
    ref = office.register.report("NG-1", MARY).defender_ref or ""
    membership = office.invite(ref)
    office.agrees(ref, membership, seen_by_convenor=True)
    assert [each["cases"] for each in seen(office)] == [[]]
    office.agrees(ref, membership, seen_by_convenor=True, told_of_cases=True)
    assert [each["cases"] for each in seen(office)] == [["NG-1"]]
    office.register.withdraw("NG-1", sequence=2)
    assert [each["cases"] for each in seen(office)] == [[]]


def test_nothing_in_what_a_convenor_gets_says_who_it_is(office: Office) -> None:
    ref = office.register.report("NG-1", MARY).defender_ref or ""
    office.agrees(ref, office.invite(ref), **SEES_ALL)
    assert not any(word in str(seen(office)) for word in ("Mary", "Wanjiku", "0700", "+254", "example.org"))


def test_one_person_with_two_linked_records_is_shown_once(office: Office) -> None:
    register = office.register
    first = register.report("NG-1", MARY).defender_ref or ""
    second = register.report("NG-2", {**MARY, "names": ["Achieng Otieno"]}).defender_ref or ""
    office.agrees(first, office.invite(first), seen_by_convenor=True)
    office.agrees(second, office.invite(second), seen_by_convenor=True)
    assert len(seen(office)) == 2
    register.link("NG-2", first)
    assert [each["defender_ref"] for each in seen(office)] == [first]


def test_the_office_sees_all_members_and_who_is_invited(office: Office) -> None:
    quiet, invited = office.member(), office.person()
    office.invite(invited)
    ctx = office.by(OPERATOR)
    shown = list_members(ctx, network="women", hub="nairobi", reason="case_work")["members"]
    assert {(each["defender_ref"], each["state"]) for each in shown} == {(quiet, "member"), (invited, "invited")}
    assert list_members(ctx, network="women", reason="case_work")["members"] == []


def test_roles_of_the_whole_network_are_in_no_hub(office: Office) -> None:
    ref = office.person()
    office.agrees(ref, office.invite(ref, hub="", role="national"), **SEES_ALL)
    assert seen(office) == []
    shown = list_members(office.ctx, network="women", reason="case_work")["members"]
    assert [(each["defender_ref"], each["role"]) for each in shown] == [(ref, "national")]


def test_an_unknown_hub_or_reason_of_the_list_is_named(office: Office) -> None:
    for given, pointer in (({"hub": "atlantis"}, "/hub"), ({"reason": "curiosity"}, "/reason")):
        with pytest.raises(InvalidInput) as refused:
            list_members(office.ctx, **{"network": "women", "reason": "case_work", **given})
        assert [each.pointer for each in refused.value.errors] == [pointer]
    with pytest.raises(NotFound):
        list_members(office.ctx, network="men", reason="case_work")


def test_each_reading_of_members_is_on_record_with_numbers_only(office: Office) -> None:
    ref = office.member(**SEES_ALL)
    seen(office)
    list_members(office.ctx, network="women", hub="nairobi", reason="case_work")
    assert {"members.seen", "members.read"} <= {action for action, _, _ in office.register.heard.audited}
    details = office.register.heard.details
    assert [details[each]["shown"] for each in ("members.seen", "members.read")] == ["1", "1"]
    assert ref not in str((details["members.seen"], details["members.read"]))
