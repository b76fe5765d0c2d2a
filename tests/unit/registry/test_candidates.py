"""A human decides who is the same person; either answer can be taken back."""

from __future__ import annotations

import pytest

from ngao.chassis.errors import NotAllowedNow, NotFound
from ngao.kernel.actors import Actor
from services.registry.candidates.review import link_candidate, separate_candidate
from services.registry.consent.change import ConsentSaid, change_consent
from services.registry.people.read import (
    Reader,
    list_candidates,
    tell_defender,
    tell_defender_of_case,
)
from services.registry.people.restrict import add_restriction, lift_restriction
from tests.support.registry import MARY, Register, consent

ALMOST = {"names": ["Mary Wanjikuu Kamau"], "phones": ["0700000002"], "emails": []}
BY = Actor.operator("o")
MASKED = Reader(BY, "case_work", sees_identity=False)
OPEN = Reader(BY, "case_work", sees_identity=True)


def two_alike() -> tuple[Register, str, str]:
    register = Register()
    known = register.report("NG-1", MARY).defender_ref
    other = register.report("NG-2", ALMOST).defender_ref
    assert known
    assert other
    return register, known, other


def test_a_probable_match_is_a_person_of_its_own_until_decided() -> None:
    register, known, other = two_alike()
    assert register.last.resolution == "candidate"
    assert known != other
    assert register.candidates.kept["NG-2"].suggestions[0].defender_ref == known


def test_meanwhile_the_restrictions_of_the_probable_person_hold_too() -> None:
    register, known, other = two_alike()
    add_restriction(register.ports, known, "partner-a", "safety", BY)
    told = {view.case_ref: view for view in register.heard.views}
    assert [each.partner_id for each in told["NG-2"].restrictions] == ["partner-a"]
    separate_candidate(register.ports, "NG-2", BY)
    told = {view.case_ref: view for view in register.heard.views}
    assert told["NG-2"].restrictions == ()
    assert told["NG-2"].resolution == "new"
    assert told["NG-2"].defender_ref == other


def test_linked_records_are_one_person_and_can_be_parted_again() -> None:
    register, known, other = two_alike()
    add_restriction(register.ports, other, "partner-b", "safety", BY)
    link_candidate(register.ports, "NG-2", known, BY)
    told = {view.case_ref: view for view in register.heard.views}
    assert (told["NG-2"].defender_ref, told["NG-2"].resolution) == (known, "existing")
    assert [each.partner_id for each in told["NG-1"].restrictions] == ["partner-b"]
    assert register.report("NG-3", {**ALMOST}).defender_ref == known
    separate_candidate(register.ports, "NG-2", BY)
    told = {view.case_ref: view for view in register.heard.views}
    assert told["NG-2"].defender_ref == other
    assert told["NG-1"].restrictions == ()


def test_a_link_tells_the_cases_of_one_record_what_was_said_to_the_other() -> None:
    register, known, _other = two_alike()
    gone = consent(granted=False, at=register.now)
    change_consent(register.ports, ConsentSaid(known, gone, None, BY))
    assert ("NG-2", gone) not in register.heard.consents
    link_candidate(register.ports, "NG-2", known, BY)
    assert ("NG-2", gone) in register.heard.consents


def test_a_restriction_of_a_linked_record_can_be_lifted_through_the_person() -> None:
    register, known, other = two_alike()
    add_restriction(register.ports, other, "partner-b", "safety", BY)
    link_candidate(register.ports, "NG-2", known, BY)
    assert lift_restriction(register.ports, known, "partner-b", BY).restrictions == ()


def test_only_a_suggested_person_can_be_linked() -> None:
    register, _known, other = two_alike()
    with pytest.raises(NotAllowedNow):
        link_candidate(register.ports, "NG-2", other, BY)
    with pytest.raises(NotFound):
        link_candidate(register.ports, "NG-1", other, BY)


def test_reading_is_masked_and_audited_unless_the_right_is_there() -> None:
    register, known, _ = two_alike()
    masked = tell_defender(register.ports, known, MASKED)
    assert masked.masked
    assert masked.identity.names == ("M*** W*** K***",)
    assert masked.identity.phones == ("***01",)
    assert masked.identity.emails == ("m***@***",)
    assert tell_defender_of_case(register.ports, "NG-1", OPEN).identity.names == ("Mary Wanjiku Kamau",)
    assert [each for each in register.heard.audited if each[0] == "defender.read"] == [("defender.read", known, BY)] * 2


def test_the_review_list_shows_both_sides() -> None:
    register, known, _ = two_alike()
    (review,) = list_candidates(register.ports, OPEN, 10)
    assert review.suggested[known].names == ("Mary Wanjiku Kamau",)
    assert review.identity.names == ("Mary Wanjikuu Kamau",)
    assert list_candidates(register.ports, MASKED, 10)[0].identity.names == ("M*** W*** K***",)


def test_an_anonymous_case_has_nobody_to_read() -> None:
    register = Register()
    register.report("NG-1", consents=[consent()])
    with pytest.raises(NotFound):
        tell_defender_of_case(register.ports, "NG-1", OPEN)
