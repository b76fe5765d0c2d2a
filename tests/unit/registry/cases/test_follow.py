"""A source corrects how a person is reached: each partner that was told is told anew, or must not use what it has."""

from __future__ import annotations

from typing import Any

import pytest

from ngao.testing.vouching import PartnerKeys
from tests.support.registry import MARY, SAFE, Register, accepted, consent

OFFER = accepted()
NEW = "+254700000009"
UNSAFE = {"may_contact": False}


def told_partner(**report: Any) -> Register:
    register = Register()
    register.report("NG-1", MARY, **{"contact_safety": SAFE, **report})
    register.accept(OFFER)
    return register


def correct(register: Register, sequence: int = 2, **parts: Any) -> None:
    register.update("NG-1", consent(), sequence=sequence, **parts)


def test_a_new_number_reaches_the_partner_in_place_of_the_old_one() -> None:
    register = told_partner()
    correct(register, identity={"phones": [NEW]})
    told = register.heard.disclosed[-1]
    assert (told["phones"], told["supersedes"]) == ([NEW], True)
    assert told["names"] == MARY["names"]


def test_a_number_that_is_not_safe_any_more_is_called_back() -> None:
    register = told_partner()
    correct(register, contact_safety=UNSAFE)
    assert register.heard.recalled == ["offer-1"]
    assert not register.last.may_contact


def two_holders() -> tuple[Register, list[str]]:
    register, holders = told_partner(), ["offer-1", "offer-2"]
    register.accept(accepted("NG-1", "offer-2", PartnerKeys.new("partner-b")))
    assert [each["offer_id"] for each in register.heard.disclosed] == holders
    return register, holders


def test_a_new_number_reaches_every_partner_that_holds_the_old_one() -> None:
    register, holders = two_holders()
    correct(register, identity={"phones": [NEW]})
    anew = register.heard.disclosed[2:]
    assert [(each["offer_id"], each["phones"], each["supersedes"]) for each in anew] == [(each, [NEW], True) for each in holders]


@pytest.mark.parametrize("ended", [(), ("offer-1",), ("offer-1", "offer-2")])
def test_a_number_that_is_not_safe_any_more_is_called_back_from_every_holder(ended: tuple[str, ...]) -> None:
    register, holders = two_holders()
    for offer_id in ended:
        holder = register.disclosures.kept[offer_id]
        register.end("NG-1", offer_id, holder.partner_id)
    correct(register, contact_safety=UNSAFE)
    assert register.heard.recalled == holders
    assert len(register.heard.disclosed) == 2


def test_a_partner_that_accepts_later_gets_what_is_right_then() -> None:
    register = Register()
    register.report("NG-1", MARY, contact_safety=SAFE)
    correct(register, identity={"phones": [NEW]})
    assert register.accept(OFFER).refusal is None
    assert register.heard.disclosed[-1]["phones"] == [NEW]


def test_contact_that_has_become_safe_is_disclosed() -> None:
    register = told_partner(contact_safety=UNSAFE)
    assert not register.heard.disclosed
    correct(register, contact_safety=SAFE)
    assert [each.get("supersedes") for each in register.heard.disclosed] == [None]


@pytest.mark.parametrize("ends_first", [False, True])
def test_a_partner_that_works_on_the_case_no_longer_learns_nothing_new(ends_first: bool) -> None:
    register = Register()
    register.report("NG-1", MARY, contact_safety=SAFE)
    if ends_first:
        register.end("NG-1", "offer-1", "partner-a")
    register.accept(OFFER)
    register.end("NG-1", "offer-1", "partner-a")
    before = list(register.heard.disclosed)
    correct(register, identity={"phones": [NEW]})
    assert register.heard.disclosed == before
    assert len(before) == (0 if ends_first else 1)


def test_an_older_correction_that_comes_late_changes_nothing() -> None:
    register = told_partner()
    correct(register, sequence=3, identity={"phones": [NEW]})
    correct(register, sequence=2, identity={"phones": ["+254700000008"]}, contact_safety=UNSAFE)
    assert register.heard.recalled == ["offer-1"]  # the safety of the older one was corrected by no later one
    assert register.cases.kept["NG-1"].facts.identity.phones == (NEW,)  # type: ignore[union-attr]


def test_a_report_without_a_name_becomes_somebodys() -> None:
    register = Register()
    register.report("NG-1", None)
    assert register.last.defender_ref is None
    correct(register, identity=MARY, contact_safety=SAFE)
    assert register.last.defender_ref
    assert register.last.may_contact


def test_the_new_number_is_the_persons_from_now_on() -> None:
    register = told_partner()
    correct(register, identity={"phones": [NEW]})
    named = {"names": MARY["names"], "phones": [NEW]}
    assert register.report("NG-2", named).defender_ref == register.heard.views[0].defender_ref


@pytest.mark.parametrize(("identity", "phones", "told"), [
    ({"names": ["Mary Wanjiku"]}, ["+254700000001"], ["0700 000 001"]),
    ({"phones": ["0700 000 009"]}, ["+254700000009"], ["0700 000 009"]),
    ({"phones": ["+254700000009"]}, ["+254700000009"], []),
    ({"emails": ["m@example.org"], "phones": []}, ["+254700000001"], ["0700 000 001"]),
], ids=["another name", "another number", "a number that needs no reading", "another address"])
def test_what_was_said_of_a_phone_goes_with_it_through_a_correction(
    identity: dict[str, Any], phones: list[str], told: list[str]
) -> None:
    register = told_partner()
    correct(register, identity=identity)
    box = register.heard.disclosed[-1]
    assert (box["phones"], box["phones_told"]) == (phones, told)
