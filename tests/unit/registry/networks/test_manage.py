"""Invitation, acceptance, and leaving: silence is no agreement, and what has ended leaves nothing for others to see."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from marshmallow import ValidationError

from ngao.chassis.errors import InvalidInput, NotAllowedNow, NotFound
from services.registry.networks.manage import invite_member, read_memberships
from services.registry.networks.responses import Agreement
from services.registry.people.erase import erase_people
from services.registry.people.keeping import forget
from services.registry.people.register import release_defender
from tests.unit.registry.networks.conftest import SEES_ALL, Office


def memberships(office: Office, ref: str) -> list[dict[str, Any]]:
    return list(read_memberships(office.ctx, ref, reason="case_work")["memberships"])


def test_an_invited_person_has_agreed_to_nothing(office: Office) -> None:
    ref = office.person()
    office.invite(ref)
    (only,) = memberships(office, ref)
    assert (only["state"], only["since"]) == ("invited", None)
    assert not any(only["agreed"].values())


def test_who_accepts_without_a_word_more_agrees_to_nothing_more(office: Office) -> None:
    ref = office.member()
    (only,) = memberships(office, ref)
    assert (only["state"], only["since"]) == ("member", office.register.now.date())
    assert not any(only["agreed"].values())


def test_the_same_invitation_again_changes_nothing_and_another_role_keeps_what_she_agreed_to(office: Office) -> None:
    ref = office.member(**SEES_ALL)
    before = memberships(office, ref)
    office.invite(ref)
    assert memberships(office, ref) == before
    office.invite(ref, role="convenor")
    (changed,) = memberships(office, ref)
    assert (changed["role"], changed["agreed"]) == ("convenor", SEES_ALL)


def test_what_she_no_longer_agrees_to_ends_immediately(office: Office) -> None:
    ref = office.member(**SEES_ALL)
    (only,) = memberships(office, ref)
    office.agrees(ref, only["membership_id"], seen_by_convenor=True)
    (changed,) = memberships(office, ref)
    assert changed["agreed"] == {"seen_by_convenor": True, "told_of_cases": False, "contact": False}
    assert changed["since"] == only["since"]


@pytest.mark.parametrize("name", ["told_of_cases", "contact"])
def test_a_convenor_who_does_not_see_her_can_do_nothing_more(name: str) -> None:
    with pytest.raises(ValidationError) as refused:
        Agreement().load({"how": "in_person", name: True})
    assert list(refused.value.messages_dict) == [name]


@pytest.mark.parametrize(
    ("given", "pointer", "code"),
    [
        ({"hub": "atlantis"}, "/hub", "unknown_hub"),
        ({"hub": ""}, "/hub", "required"),
        ({"network": "men"}, "/network", "unknown_network"),
        ({"role": "queen"}, "/role", "unknown_role"),
        ({"role": "national"}, "/hub", "no_hub_wanted"),
    ],
)
def test_a_place_that_does_not_exist_is_named_by_its_field_and_nothing_is_stored(
    office: Office, given: dict[str, str], pointer: str, code: str
) -> None:
    ref = office.person()
    with pytest.raises(InvalidInput) as refused:
        invite_member(office.ctx, ref, {"network": "women", "hub": "nairobi", "role": "member", **given})
    assert [(each.pointer, each.code) for each in refused.value.errors] == [(pointer, code)]
    assert not any(word in str(vars(each)) for each in refused.value.errors for word in ("atlantis", "queen", "men'"))
    assert memberships(office, ref) == []


def test_a_role_of_the_whole_network_has_no_hub(office: Office) -> None:
    ref = office.person()
    office.invite(ref, hub="", role="national")
    assert [(each["hub"], each["role"]) for each in memberships(office, ref)] == [("", "national")]


def test_who_left_has_agreed_to_nothing_and_is_asked_again_from_the_beginning(office: Office) -> None:
    ref = office.member(**SEES_ALL)
    (only,) = memberships(office, ref)
    assert office.leaves(ref, only["membership_id"])["state"] == "left"
    (left,) = memberships(office, ref)
    assert (left["state"], left["left"]) == ("left", office.register.now.date())
    assert not any(left["agreed"].values())
    with pytest.raises(NotAllowedNow):
        office.agrees(ref, left["membership_id"], **SEES_ALL)
    assert office.invite(ref) == left["membership_id"]
    assert [(each["state"], each["since"]) for each in memberships(office, ref)] == [("invited", None)]


def test_the_day_since_when_is_not_in_the_future(office: Office) -> None:
    ref = office.person()
    membership, today = office.invite(ref), office.register.now.date()
    with pytest.raises(InvalidInput) as refused:
        office.agrees(ref, membership, since=(today + timedelta(days=1)).isoformat())
    assert [each.pointer for each in refused.value.errors] == ["/since"]
    office.agrees(ref, membership, since="2019-03-08")
    assert memberships(office, ref)[0]["since"].year == 2019


def test_memberships_of_another_person_and_unknown_ones_are_not_found(office: Office) -> None:
    ref, other = office.member(), office.person()
    (hers,) = memberships(office, ref)
    for wrong in ((other, hers["membership_id"]), ("DEF-0000000000", hers["membership_id"]), (ref, "none")):
        with pytest.raises(NotFound):
            office.leaves(*wrong)
        with pytest.raises(NotFound):
            office.agrees(*wrong)


def test_a_member_is_kept_without_a_case_until_she_leaves_and_then_all_of_it_is_removed(office: Office) -> None:
    ref = office.member(**SEES_ALL)
    release_defender(office.ctx, ref)
    office.register.pass_time(hours=2)
    assert erase_people(office.ctx, 10) == 0
    office.leaves(ref, memberships(office, ref)[0]["membership_id"])
    office.register.pass_time(hours=2)
    assert erase_people(office.ctx, 10) == 1
    assert office.register.memberships.get(ref) is None


def test_forgetting_counts_what_it_removed(office: Office) -> None:
    ref = office.member()
    assert forget(office.ctx, ref) == {"memberships": 1}
    assert forget(office.ctx, ref) == {}


def test_the_audit_names_no_network_and_no_hub(office: Office) -> None:
    ref = office.member(**SEES_ALL)
    office.leaves(ref, memberships(office, ref)[0]["membership_id"])
    actions = {"membership.invited", "membership.agreed", "membership.left", "memberships.read"}
    assert actions <= {action for action, subject, _ in office.register.heard.audited if subject == ref}
    details = str({action: office.register.heard.details[action] for action in actions})
    assert not any(word in details for word in ("women", "nairobi", "member'"))
