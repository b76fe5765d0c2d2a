"""A decision about a candidate that takes protection from somebody, or extends a consent, is made by two operators."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ngao.chassis.errors import NotAllowedNow, NotFound
from ngao.kernel.actors import Actor
from services.registry.candidates.decisions_of_two import link_loosens, separation_loosens
from tests.support.registry import MARY, Register, consent
from tests.unit.registry.candidates.test_review import ALMOST, two_alike

BY = Actor.operator("o")
CASE = "NG-2"


def say(register: Register, ref: str, *, granted: bool) -> None:
    register.change_consent(ref, consent(granted=granted, at=register.now), None)


def test_where_nothing_was_said_either_decision_is_made_by_one() -> None:
    register, known, _other = two_alike()
    assert not separation_loosens(register.ctx, CASE)
    assert not link_loosens(register.ctx, CASE, {"defender_ref": known})


@pytest.mark.parametrize("linked", [False, True])
def test_a_separation_that_frees_from_a_restriction_takes_two(*, linked: bool) -> None:
    register, known, _other = two_alike()
    register.restrict(known, "partner-a")
    if linked:
        assert not link_loosens(register.ctx, CASE, {"defender_ref": known})
        register.link(CASE, known)
    assert separation_loosens(register.ctx, CASE)


def test_a_separation_takes_two_also_when_it_is_the_known_person_who_loses() -> None:
    register, known, other = two_alike()
    register.restrict(other, "partner-a")
    assert separation_loosens(register.ctx, CASE), "until it is decided, the restriction holds for the known person's cases"
    assert not link_loosens(register.ctx, CASE, {"defender_ref": known})
    register.link(CASE, known)
    assert separation_loosens(register.ctx, CASE)


def test_a_separation_that_forgets_a_withdrawal_takes_two() -> None:
    register, known, _other = two_alike()
    say(register, known, granted=False)
    assert not separation_loosens(register.ctx, CASE), "a withdrawal of somebody probable does not hold for the case"
    register.link(CASE, known)
    assert separation_loosens(register.ctx, CASE)


@pytest.mark.parametrize("of_the_known", [True, False])
def test_a_link_by_which_a_consent_counts_for_more_cases_takes_two(*, of_the_known: bool) -> None:
    register, known, other = two_alike()
    say(register, known if of_the_known else other, granted=True)
    assert link_loosens(register.ctx, CASE, {"defender_ref": known})
    assert not separation_loosens(register.ctx, CASE)


def test_a_link_to_one_that_frees_from_the_restriction_of_another_takes_two() -> None:
    register = Register()
    one = register.report("NG-0", {"names": ["Mary Wanjiku Kamauu"], "phones": ["0700000009"], "emails": []}).defender_ref
    other = register.report("NG-1", MARY).defender_ref
    register.report(CASE, ALMOST)
    suggested = {each.defender_ref for each in register.candidates.kept[CASE].suggestions}
    assert one
    assert {one, other} <= suggested
    register.restrict(one, "partner-a")
    assert other
    assert link_loosens(register.ctx, CASE, {"defender_ref": other})
    assert not link_loosens(register.ctx, CASE, {"defender_ref": one})


def test_a_link_to_one_that_frees_another_from_the_restriction_of_the_candidate_takes_two() -> None:
    register = Register()
    one = register.report("NG-0", {"names": ["Mary Wanjiku Kamauu"], "phones": ["0700000009"], "emails": []}).defender_ref or ""
    other = register.report("NG-1", MARY).defender_ref or ""
    register.separate("NG-1")
    mine = register.report(CASE, ALMOST).defender_ref or ""
    assert {one, other} <= {each.defender_ref for each in register.candidates.kept[CASE].suggestions}
    assert not link_loosens(register.ctx, CASE, {"defender_ref": other})
    register.restrict(mine, "partner-a")
    assert link_loosens(register.ctx, CASE, {"defender_ref": other})


def linked_with_another_who_may_be_the_second(*, alone: bool = True) -> tuple[Register, str, str]:
    """NG-2 is linked to NG-1's person; NG-3's may be that of NG-2 (`alone`: not that of NG-1), and never wants partner-a."""
    register, known, other = two_alike()
    third = register.report("NG-3", {"names": ["Wanjiku Mary Kamauu"], "phones": ["0700000003"], "emails": []}).defender_ref or ""
    candidate = register.candidates.kept["NG-3"]
    assert {known, other} <= {each.defender_ref for each in candidate.suggestions}
    if alone:
        candidate.suggestions = tuple(each for each in candidate.suggestions if each.defender_ref == other)
    register.link(CASE, known)
    register.restrict(third, "partner-a")
    told = {view.case_ref: view for view in register.heard.views}
    assert [each.partner_id for each in told["NG-1"].restrictions] == ["partner-a"]
    return register, known, third


def test_a_separation_from_one_whom_another_may_be_takes_two_if_their_restriction_ends_with_it() -> None:
    register, _known, _third = linked_with_another_who_may_be_the_second()
    assert separation_loosens(register.ctx, CASE)


def test_a_separation_takes_one_if_the_restriction_of_the_other_holds_for_both_thereafter() -> None:
    register, _known, _third = linked_with_another_who_may_be_the_second(alone=False)
    assert not separation_loosens(register.ctx, CASE)


def test_a_link_away_from_a_person_takes_two_if_with_it_the_restriction_of_another_ends_for_them() -> None:
    register, known, _third = linked_with_another_who_may_be_the_second()
    elsewhere = register.report("NG-4", {"names": ["Grace Chebet"], "phones": ["0700000005"], "emails": []}).defender_ref or ""
    candidate = register.candidates.kept[CASE]
    candidate.suggestions = (*candidate.suggestions, replace(candidate.suggestions[0], defender_ref=elsewhere))
    assert not link_loosens(register.ctx, CASE, {"defender_ref": known})
    assert link_loosens(register.ctx, CASE, {"defender_ref": elsewhere})


def test_a_question_changes_nothing() -> None:
    register, known, _third = linked_with_another_who_may_be_the_second()
    ctx = register.ctx
    assert separation_loosens(ctx, CASE)
    candidate = ctx.candidates.get(CASE)
    assert candidate
    record = ctx.defenders.get(candidate.defender_ref)
    assert record
    assert (candidate.verdict, record.linked_to) == ("linked", known)


def test_what_was_decided_before_and_changes_nothing_is_decided_by_one() -> None:
    register, known, _other = two_alike()
    register.restrict(known, "partner-a")
    say(register, known, granted=True)
    register.link(CASE, known)
    assert not link_loosens(register.ctx, CASE, {"defender_ref": known})
    register.separate(CASE)
    assert not separation_loosens(register.ctx, CASE)


def test_what_would_be_refused_is_refused_before_anybody_is_asked() -> None:
    register, known, other = two_alike()
    with pytest.raises(NotAllowedNow):
        link_loosens(register.ctx, CASE, {"defender_ref": other})
    with pytest.raises(NotFound):
        link_loosens(register.ctx, "NG-1", {"defender_ref": known})
    with pytest.raises(NotFound):
        separation_loosens(register.ctx, "NG-1")
