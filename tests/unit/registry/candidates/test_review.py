"""A human decides who is the same person; either answer can be taken back."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from ngao.chassis.errors import NotAllowedNow, NotFound
from ngao.kernel.actors import Actor
from services.registry.candidates.decisions_of_two import link_loosens, separation_loosens
from services.registry.candidates.leave_open import leave_candidate_open
from services.registry.candidates.review import link_candidate, review, separate_candidate, show_candidate
from services.registry.people.read import (
    find_defender,
    person_shown,
)
from services.registry.people.showing import Reader
from tests.support.registry import MARY, Register, consent

ALMOST = {"names": ["Mary Wanjikuu Kamau"], "phones": ["0700000002"], "emails": []}
BY = Actor.operator("o")
MASKED = Reader("case_work", sees_identity=False)
OPEN = Reader("case_work", sees_identity=True)


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
    register.restrict(known, "partner-a")
    told = {view.case_ref: view for view in register.heard.views}
    assert [each.partner_id for each in told["NG-2"].restrictions] == ["partner-a"]
    register.separate("NG-2")
    told = {view.case_ref: view for view in register.heard.views}
    assert told["NG-2"].restrictions == ()
    assert told["NG-2"].resolution == "new"
    assert told["NG-2"].defender_ref == other


def test_meanwhile_the_restrictions_of_the_candidate_hold_for_the_known_person_too() -> None:
    register, known, other = two_alike()
    register.restrict(other, "partner-a")
    told = {view.case_ref: view for view in register.heard.views}
    assert [each.partner_id for each in told["NG-1"].restrictions] == ["partner-a"]
    later = register.report("NG-3", MARY)
    assert (later.defender_ref, [each.partner_id for each in later.restrictions]) == (known, ["partner-a"])
    register.separate("NG-2")
    told = {view.case_ref: view for view in register.heard.views}
    assert (told["NG-1"].restrictions, told["NG-3"].restrictions) == ((), ())
    assert [each.partner_id for each in told["NG-2"].restrictions] == ["partner-a"]


def test_a_restriction_of_one_candidate_does_not_hold_for_another_candidate_of_the_same_person() -> None:
    register, _known, other = two_alike()
    third = register.report("NG-3", {"names": ["Wanjiku Mary Kamauu"], "phones": ["0700000003"], "emails": []})
    assert third.resolution == "candidate"
    candidate = register.candidates.kept["NG-3"]
    candidate.suggestions = tuple(each for each in candidate.suggestions if each.defender_ref != other)
    register.restrict(other, "partner-a")
    told = {view.case_ref: view for view in register.heard.views}
    assert (told["NG-3"].restrictions, [each.partner_id for each in told["NG-1"].restrictions]) == ((), ["partner-a"])


def test_linked_records_are_one_person_and_can_be_parted_again() -> None:
    register, known, other = two_alike()
    register.restrict(other, "partner-b")
    register.link("NG-2", known)
    told = {view.case_ref: view for view in register.heard.views}
    assert (told["NG-2"].defender_ref, told["NG-2"].resolution) == (known, "existing")
    assert [each.partner_id for each in told["NG-1"].restrictions] == ["partner-b"]
    assert register.report("NG-3", {**ALMOST}).defender_ref == known
    register.separate("NG-2")
    told = {view.case_ref: view for view in register.heard.views}
    assert told["NG-2"].defender_ref == other
    assert told["NG-1"].restrictions == ()


def test_a_link_tells_the_cases_of_one_record_what_was_said_to_the_other() -> None:
    register, known, _other = two_alike()
    gone = consent(granted=False, at=register.now)
    register.change_consent(known, gone, None)
    assert ("NG-2", gone) not in register.heard.consents
    register.link("NG-2", known)
    assert ("NG-2", gone) in register.heard.consents


def test_a_separation_retracts_what_the_other_person_said_from_the_cases_of_each() -> None:
    register, known, other = two_alike()
    agreed, gone = consent(at=register.now), consent("narrative", granted=False, at=register.now)
    register.change_consent(known, agreed, None)
    register.change_consent(other, gone, None)
    own = consent("attributes", at=register.now)
    register.change_consent(other, own, "NG-2")
    register.link("NG-2", known)
    assert register.heard.retracted == []
    register.separate("NG-2")
    assert sorted(register.heard.retracted, key=str) == [("NG-1", gone), ("NG-2", agreed)]


def test_a_link_to_another_person_retracts_what_the_first_one_said() -> None:
    register, known, _other = two_alike()
    third = register.report("NG-3", {"names": ["Mary Wanjikku Kamau"], "phones": ["0700000003"], "emails": []}).defender_ref or ""
    agreed = consent(at=register.now)
    register.change_consent(known, agreed, None)
    assert known in {each.defender_ref for each in register.candidates.kept["NG-3"].suggestions}
    register.link("NG-3", known)
    register.link("NG-3", register.candidates.kept["NG-2"].defender_ref)
    assert third
    assert register.heard.retracted == [("NG-3", agreed)]


def test_a_restriction_of_a_linked_record_can_be_lifted_through_the_person() -> None:
    register, known, other = two_alike()
    register.restrict(other, "partner-b")
    register.link("NG-2", known)
    assert register.lift(known, "partner-b") == []


def test_only_a_suggested_person_can_be_linked() -> None:
    register, _known, other = two_alike()
    with pytest.raises(NotAllowedNow):
        register.link("NG-2", other)
    with pytest.raises(NotFound):
        register.link("NG-1", other)


def test_reading_is_masked_and_audited_unless_the_right_is_there() -> None:
    register, known, _ = two_alike()
    masked = person_shown(register.ctx, known, MASKED)
    assert masked.masked
    assert masked.identity.names == ("M• W• K•",)
    assert masked.identity.phones == ("•••001",)
    assert masked.identity.emails == ("m•@•",)
    assert find_defender(register.ctx, case_ref="NG-1", reason="case_work")["identity"]["names"] == ["Mary Wanjiku Kamau"]
    assert [each for each in register.heard.audited if each[0] == "defender.read"] == [("defender.read", known, str(BY))] * 2


def test_the_review_list_shows_both_sides() -> None:
    register, known, _ = two_alike()
    (candidate,) = register.ctx.candidates.open(10)
    seen = review(register.ctx, candidate, OPEN)
    assert seen.suggested[known].names == ("Mary Wanjiku Kamau",)
    assert seen.identity.names == ("Mary Wanjikuu Kamau",)
    assert review(register.ctx, candidate, MASKED).identity.names == ("M• W• K•",)


def test_a_number_that_is_too_short_is_masked_whole() -> None:
    register = Register()
    known = register.report("NG-1", {"names": ["Mary Wanjiku Kamau"], "phones": ["999"], "emails": []}).defender_ref or ""
    (phone,) = person_shown(register.ctx, known, MASKED).identity.phones
    assert phone == "•••"


def test_one_candidate_is_shown_with_both_sides_in_numbers_and_what_was_decided() -> None:
    register, known, other = two_alike()
    register.restrict(known, "partner-a")
    register.report("NG-3", MARY)
    waits = show_candidate(register.ctx, "NG-2", reason="case_work")
    assert (waits["verdict"], waits["decided_by"], waits["reports"], waits["restrictions"]) == ("open", None, 1, 0)
    (suggestion,) = waits["suggestions"]
    assert (suggestion["defender_ref"], suggestion["reports"], suggestion["restrictions"]) == (known, 2, 1)
    register.separate("NG-2")
    decided = show_candidate(register.ctx, "NG-2", reason="case_work")
    assert (decided["verdict"], decided["decided_by"], decided["decided_at"]) == ("separate", str(BY), register.now)
    assert (decided["defender_ref"], decided["revision"]) == (other, waits["revision"] + 1)
    with pytest.raises(NotFound):
        show_candidate(register.ctx, "NG-1", reason="case_work")


def test_who_decides_about_what_another_has_decided_meanwhile_is_refused_and_learns_who_and_what() -> None:
    register, known, _other = two_alike()
    seen = str(register.candidates.kept["NG-2"].revision)
    separate_candidate(register.ctx, "NG-2", seen=seen)
    decisions: list[Callable[[], object]] = [
        lambda: link_candidate(register.ctx, "NG-2", {"defender_ref": known}, seen=seen),
        lambda: link_loosens(register.ctx, "NG-2", {"defender_ref": known}, seen=seen),
        lambda: separate_candidate(register.ctx, "NG-2", seen=seen),
        lambda: separation_loosens(register.ctx, "NG-2", seen=seen),
        lambda: leave_candidate_open(register.ctx, "NG-2", seen=seen),
    ]
    for decide in decisions:
        with pytest.raises(NotAllowedNow) as refused:
            decide()
        assert (refused.value.slug, refused.value.errors[0].pointer) == ("candidate-changed", "/seen")
        assert f"{BY} decided at 2026-11-22 12:00 UTC: separate." in str(refused.value)
    assert register.candidates.kept["NG-2"].verdict == "separate"
    again = str(register.candidates.kept["NG-2"].revision)
    link_candidate(register.ctx, "NG-2", {"defender_ref": known}, seen=again)
    assert register.candidates.kept["NG-2"].verdict == "linked"


def test_an_anonymous_case_has_nobody_to_read() -> None:
    register = Register()
    register.report("NG-1", consents=[consent()])
    with pytest.raises(NotFound):
        find_defender(register.ctx, case_ref="NG-1", reason="case_work")
