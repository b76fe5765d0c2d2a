"""A separation from the very moment in which a case is resolved takes from it what the other person said."""

from __future__ import annotations

import pytest

from services.registry.candidates.review import separate_candidate
from services.registry.people.add_facts import add_facts_of
from tests.support.registry import MARY, SAFE, Register, accepted, consent

ALMOST = {"names": ["Mary Wanjikuu Kamau"], "phones": ["0700000002"], "emails": []}
"""Another person, whom a human has taken for Mary."""


class Moment:
    """Mary and another person are linked by mistake; a case of Mary comes, and they are separated in a unit that misses it."""

    def __init__(self) -> None:
        self.register = Register()
        self.known = self.register.report("NG-1", MARY, contact_safety=SAFE).defender_ref or ""
        self.other = self.register.report("NG-2", ALMOST, contact_safety=SAFE).defender_ref or ""

    def separate_unseen(self) -> None:
        hidden = self.register.cases.kept.pop("NG-9")
        self.register.separate("NG-2")
        self.register.cases.kept["NG-9"] = hidden


@pytest.fixture
def moment() -> Moment:
    return Moment()


def test_what_the_other_person_said_is_retracted_when_the_facts_are_added(moment: Moment) -> None:
    register = moment.register
    agreed, gone = consent(at=register.now), consent("narrative", granted=False, at=register.now)
    register.change_consent(moment.other, agreed)
    register.change_consent(moment.other, gone)
    register.link("NG-2", moment.known)
    register.report("NG-9", MARY, consents=[])
    assert [said for said in register.heard.consents if said[0] == "NG-9"] == [("NG-9", agreed), ("NG-9", gone)]
    moment.separate_unseen()
    assert "NG-9" not in {case_ref for case_ref, _ in register.heard.retracted}
    add_facts_of(register.ctx, "NG-9")
    assert [said for said in register.heard.retracted if said[0] == "NG-9"] == [("NG-9", agreed), ("NG-9", gone)]


def test_it_is_retracted_also_if_mary_has_said_as_much_meanwhile(moment: Moment) -> None:
    register = moment.register
    agreed = consent(at=register.now)
    register.change_consent(moment.other, agreed)
    register.pass_time(minutes=1)
    own = consent("attributes", at=register.now)
    register.link("NG-2", moment.known)
    register.report("NG-9", MARY, consents=[])
    hidden = register.cases.kept.pop("NG-9")
    register.separate("NG-2")
    register.change_consent(moment.known, own)
    register.cases.kept["NG-9"] = hidden
    add_facts_of(register.ctx, "NG-9")
    assert ("NG-9", agreed) in register.heard.retracted
    assert ("NG-9", own) in register.heard.consents


def test_a_contact_of_the_other_person_is_recalled_when_the_facts_are_added(moment: Moment) -> None:
    register = moment.register
    given = register.reference_for_source(moment.known, "form")
    register.pass_time(minutes=1)
    register.link("NG-2", moment.known)
    register.withdraw("NG-1", sequence=2)
    register.change_consent(moment.known, consent(at=register.now))
    register.report("NG-9", defender_ref=given, contact_safety=SAFE)
    assert register.accept(accepted("NG-9", "offer-9")).refusal is None
    assert register.heard.disclosed[-1]["phones"] == ["+254700000002"]
    moment.separate_unseen()
    assert register.heard.recalled == []
    add_facts_of(register.ctx, "NG-9")
    assert register.heard.recalled == ["offer-9"]


def test_a_consent_that_was_withdrawn_is_retracted_with_its_withdrawal(moment: Moment) -> None:
    """Else it would count again: what has been published is retracted, not only what is published now."""
    register = moment.register
    agreed = consent(at=register.now)
    register.link("NG-2", moment.known)
    register.change_consent(moment.known, agreed)
    register.pass_time(minutes=1)
    gone = consent(granted=False, at=register.now)
    register.change_consent(moment.known, gone)
    register.report("NG-4", MARY | {"names": ["Mary Wanjikku Kamau"], "phones": ["0700000004"], "emails": []})
    register.link("NG-4", moment.known)
    register.separate("NG-2")
    assert {said for said in register.heard.retracted if said[0] == "NG-2"} == {("NG-2", agreed), ("NG-2", gone)}


def test_a_case_of_before_does_not_know_what_was_published_and_has_it_retracted_all_the_same(moment: Moment) -> None:
    register = moment.register
    agreed = consent(at=register.now)
    register.change_consent(moment.known, agreed)
    register.link("NG-2", moment.known)
    register.cases.kept["NG-2"].consents_published = ()
    register.separate("NG-2")
    assert register.heard.retracted == [("NG-2", agreed)]


def test_what_was_said_about_the_case_itself_is_not_retracted(moment: Moment) -> None:
    register = moment.register
    register.link("NG-2", moment.known)
    own = consent(at=register.now)
    register.change_consent(moment.known, own, "NG-2")
    register.separate("NG-2")
    assert register.heard.retracted == []


def test_a_separation_conflicts_with_facts_that_are_added_at_the_same_moment(moment: Moment) -> None:
    register = moment.register
    register.link("NG-2", moment.known)
    register.report("NG-9", MARY)
    before = register.defenders.kept[moment.known].revision
    separate_candidate(register.ctx, "NG-2")
    assert register.defenders.kept[moment.known].revision > before
