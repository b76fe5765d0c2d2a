"""A partner at work gets the contact when leave is given later, and loses it when leave is taken: whoever says so, and how."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from ngao.kernel.actors import Actor
from services.registry.people.erase import erase_cases
from tests.support.registry import MARY, SAFE, Register, accepted, consent

Change = Callable[[Register], object]
OPERATOR = Actor.operator("o")
OTHER = {"names": ["Grace Chebet"], "phones": ["0700000001"], "emails": []}


def at_work(*consents: str) -> Register:
    """A register with one accepted offer, and consents of the report for these scopes."""
    register = Register()
    register.report("NG-1", MARY, contact_safety=SAFE, consents=[consent(*consents)] if consents else [])
    register.accept(accepted())
    register.pass_time(minutes=1)
    return register


def person(register: Register) -> str:
    return register.heard.views[0].defender_ref or ""


def updated(*scope: str) -> Change:
    def change(register: Register) -> object:
        return register.update("NG-1", consent(*scope, at=register.now), sequence=2)

    return change


def said(*, case_ref: str | None, granted: bool = True) -> Change:
    def change(register: Register) -> object:
        statement = consent(at=register.now, granted=granted)
        return register.change_consent(person(register), statement, case_ref)

    return change


@pytest.mark.parametrize("change", [
    updated("contact", "narrative"), said(case_ref="NG-1"), said(case_ref=None),
], ids=["an update", "an operator, for the case", "an operator, for all cases"])  # fmt: skip
def test_a_consent_given_after_the_acceptance_opens_the_contact_once(change: Change) -> None:
    register = at_work("narrative")
    assert [str(each.refusal) for each in register.heard.withheld] == ["no_consent"]
    change(register)
    change(register)
    assert [each["phones"] for each in register.heard.disclosed] == [["+254700000001"]]
    assert register.accept(accepted()).refusal is None
    assert len(register.heard.disclosed) == 1


@pytest.mark.parametrize("change", [
    updated("narrative"), said(case_ref="NG-1", granted=False), said(case_ref=None, granted=False),
    lambda register: register.restrict(person(register), "partner-a"),
], ids=["an update", "an operator, for the case", "an operator, for all cases", "a restriction"])  # fmt: skip
def test_what_is_taken_back_is_called_back_once(change: Change) -> None:
    register = at_work("contact")
    change(register)
    change(register)
    assert register.heard.recalled == ["offer-1"]
    assert len(register.heard.disclosed) == 1


def test_a_consent_that_changes_nothing_about_the_contact_sends_nothing() -> None:
    register = at_work("contact")
    updated("contact", "narrative")(register)
    said(case_ref=None)(register)
    assert (len(register.heard.disclosed), register.heard.withheld) == (1, [])


def test_a_later_consent_opens_nothing_for_a_partner_that_is_done() -> None:
    register = at_work("narrative")
    register.end("NG-1", "offer-1", "partner-a")
    updated("contact")(register)
    assert not register.heard.disclosed


def test_a_consent_for_all_cases_does_not_open_what_is_not_safe_or_whose_keys_nobody_vouches_for() -> None:
    register = Register()
    register.report("NG-1", MARY, contact_safety=SAFE, consents=[])
    register.report("NG-2", MARY, consents=[])
    register.accept(replace(accepted(), vouch=None))
    register.accept(accepted("NG-2", "offer-2"))
    said(case_ref=None)(register)
    assert not register.heard.disclosed


def test_a_report_by_bare_reference_is_opened_when_the_operator_records_the_consent() -> None:
    register = Register()
    register.report("NG-1", MARY, contact_safety=SAFE)
    given = register.reference_for_source(person(register), "form")
    register.report("NG-2", defender_ref=given, contact_safety=SAFE)
    assert str(register.accept(accepted("NG-2", "offer-2")).refusal) == "consent_not_recorded"
    said(case_ref="NG-2")(register)
    assert [each["case_ref"] for each in register.heard.disclosed] == ["NG-2"]


def test_a_restriction_that_is_lifted_opens_the_contact_again() -> None:
    register = at_work("contact")
    register.restrict(person(register), "partner-a")
    register.lift(person(register), "partner-a")
    assert register.heard.recalled == ["offer-1"]
    assert len(register.heard.disclosed) == 2


def test_a_link_that_brings_a_consent_opens_the_contact_and_a_separation_calls_it_back() -> None:
    register = Register()
    known = register.report("NG-1", MARY).defender_ref or ""
    said(case_ref=None)(register)
    assert register.report("NG-2", OTHER, contact_safety=SAFE, consents=[]).resolution == "candidate"
    register.accept(accepted("NG-2", "offer-2"))
    register.link("NG-2", known)
    assert len(register.heard.disclosed) == 1
    register.separate("NG-2")
    assert register.heard.recalled == ["offer-2"]


def test_until_a_human_has_decided_a_restriction_of_a_probable_person_keeps_the_contact_from_its_partner() -> None:
    register = Register()
    known = register.report("NG-1", MARY).defender_ref or ""
    assert register.report("NG-2", OTHER, contact_safety=SAFE).resolution == "candidate"
    register.accept(accepted("NG-2", "offer-2"))
    assert len(register.heard.disclosed) == 1
    register.restrict(known, "partner-a")
    assert register.heard.recalled == ["offer-2"]
    assert str(register.accept(accepted("NG-2", "offer-3")).refusal) == "restricted"
    register.separate("NG-2")
    assert len(register.heard.disclosed) == 3


def test_until_a_human_has_decided_a_restriction_of_the_candidate_keeps_the_known_persons_contact_from_its_partner() -> None:
    register = at_work("contact")
    mine = register.report("NG-2", OTHER, contact_safety=SAFE).defender_ref or ""
    register.restrict(mine, "partner-a")
    assert register.heard.recalled == ["offer-1"]
    assert str(register.accept(accepted("NG-1", "offer-3")).refusal) == "restricted"
    register.separate("NG-2")
    assert len(register.heard.disclosed) == 3


def test_a_restriction_of_a_probable_person_holds_for_every_case_of_the_candidates_record() -> None:
    register = Register()
    known = register.report("NG-1", MARY).defender_ref or ""
    mine = register.report("NG-2", OTHER, contact_safety=SAFE)
    assert mine.resolution == "candidate"
    assert register.report("NG-3", OTHER, contact_safety=SAFE).defender_ref == mine.defender_ref
    register.accept(accepted("NG-3", "offer-3"))
    assert len(register.heard.disclosed) == 1
    register.restrict(known, "partner-a")
    assert register.heard.recalled == ["offer-3"]
    assert str(register.accept(accepted("NG-3", "offer-4")).refusal) == "restricted"


def test_a_vouch_that_comes_before_the_consent_counts_when_the_consent_comes() -> None:
    register = Register()
    register.report("NG-1", MARY, contact_safety=SAFE, consents=[])
    register.accept(replace(accepted(), vouch=None))
    register.accept(accepted())
    assert len(register.heard.withheld) == 1
    said(case_ref="NG-1")(register)
    assert len(register.heard.disclosed) == 1


def test_a_vouch_that_comes_after_the_consent_opens_the_contact() -> None:
    register = Register()
    register.report("NG-1", MARY, contact_safety=SAFE, consents=[])
    register.accept(replace(accepted(), vouch=None))
    register.pass_time(days=1)
    said(case_ref="NG-1")(register)
    kept = register.disclosures.kept["offer-1"]
    assert (str(kept.refusal), kept.at) == ("key_not_vouched", register.now)
    register.accept(accepted())
    assert len(register.heard.disclosed) == 1


def test_a_partner_does_not_learn_of_a_restriction_by_the_reason_that_it_knows_already() -> None:
    register = at_work("narrative")
    register.restrict(person(register), "partner-a")
    assert str(register.disclosures.kept["offer-1"].refusal) == "restricted"
    assert len(register.heard.withheld) == 1


def test_an_acceptance_that_is_published_again_tells_a_partner_only_what_it_does_not_know() -> None:
    """The restriction ended with the record of a probable person, which an earlier version had erased.

    To the partner it was no consent, and still is.
    """
    register = Register()
    known = register.report("NG-1", MARY).defender_ref or ""
    register.restrict(known, "partner-a")
    register.pass_time(days=900)
    assert register.report("NG-2", OTHER, contact_safety=SAFE, consents=[]).resolution == "candidate"
    assert str(register.accept(accepted("NG-2", "offer-2")).refusal) == "restricted"
    register.pass_time(days=101)
    erase_cases(register.ctx, limit=10)
    del register.defenders.kept[known]
    renewed = replace(accepted("NG-2", "offer-2"), vouch=None)
    assert str(register.accept(renewed).refusal) == "no_consent"
    assert [str(each.refusal) for each in register.heard.withheld] == ["restricted"]
    kept = register.disclosures.kept["offer-2"]
    assert (str(kept.refusal), kept.at, kept.vouch) == ("no_consent", register.now, None)
    assert register.heard.details["contact.withheld"]["reason"] == "no_consent"


def with_contact_from_an_erased_case(*later: Change) -> Register:
    """A partner has the contact of NG-2, a report by reference alone; NG-1, which said what is safe, is erased."""
    register = Register()
    register.report("NG-1", MARY, contact_safety=SAFE)
    register.pass_time(days=900)
    register.report("NG-2", defender_ref=register.reference_for_source(person(register), "form"), contact_safety=SAFE)
    said(case_ref="NG-2")(register)
    assert register.accept(accepted("NG-2", "offer-2")).refusal is None
    for change in later:
        change(register)
    register.pass_time(days=101)
    assert erase_cases(register.ctx, limit=10) == 1
    return register


def test_a_partner_keeps_a_contact_although_the_case_that_it_was_safe_by_is_erased() -> None:
    """Nobody has said that it is not safe any more. A recall would show that there was another report, and on which day."""
    register = with_contact_from_an_erased_case()
    assert register.heard.withheld == []
    register.change_consent(person(register), consent("narrative", at=register.now), "NG-2")
    register.restrict(person(register), "partner-b")
    assert register.heard.withheld == []
    assert len(register.heard.disclosed) == 1


def test_nobody_gets_a_contact_by_a_case_that_is_erased() -> None:
    register = with_contact_from_an_erased_case()
    assert str(register.accept(accepted("NG-2", "offer-3")).refusal) == "not_safe"
    assert not register.may_leave("offer-2")
    assert register.heard.recalled == ["offer-2"]


@pytest.mark.parametrize("change", [
    lambda register: register.change_consent(person(register), consent(at=register.now, granted=False), "NG-2"),
    lambda register: register.restrict(person(register), "partner-a"),
    lambda register: register.update("NG-2", consent(), sequence=2, contact_safety=SAFE | {"may_contact": False}),
    lambda register: register.withdraw("NG-2", sequence=2),
], ids=["consent withdrawn", "a restriction", "not safe now", "the report withdrawn"])  # fmt: skip
def test_a_contact_by_an_erased_case_is_recalled_for_whatever_is_said_since(change: Change) -> None:
    register = with_contact_from_an_erased_case()
    change(register)
    assert register.heard.recalled == ["offer-2"]


def test_a_contact_by_a_case_that_is_withdrawn_is_recalled_although_an_older_case_is_erased() -> None:
    def newer(register: Register) -> None:
        register.report("NG-3", MARY, contact_safety=SAFE)

    register = with_contact_from_an_erased_case(newer)
    register.withdraw("NG-3", sequence=2)
    assert register.heard.recalled == ["offer-2"]


def corrected(**safety: bool) -> Change:
    def change(register: Register) -> object:
        told = {"identity": {"phones": ["0700000009"]}, "contact_safety": SAFE | safety}
        return register.update("NG-1", consent(), sequence=2, **told)

    return change


def taken_back(register: Register) -> object:
    return register.withdraw("NG-1", sequence=2)


@pytest.mark.parametrize("change", [
    corrected(may_contact=False), updated("narrative"), said(case_ref=None, granted=False), taken_back,
    lambda register: register.restrict(person(register), "partner-a"),
], ids=["not safe", "an update", "an operator", "the report withdrawn", "a restriction"])  # fmt: skip
@pytest.mark.parametrize("ended", [True, False])
def test_what_a_partner_holds_is_called_back_once_although_its_work_is_over(change: Change, ended: bool) -> None:
    register = at_work("contact")
    if ended:
        register.end("NG-1", "offer-1", "partner-a")
    change(register)
    change(register)
    assert register.heard.recalled == ["offer-1"]
    assert len(register.heard.withheld) == len(register.heard.disclosed) == 1


def test_a_partner_whose_work_is_over_gets_nothing_in_place_of_what_was_called_back() -> None:
    register = at_work("contact")
    register.end("NG-1", "offer-1", "partner-a")
    corrected(may_contact=False)(register)
    corrected()(register)
    said(case_ref=None)(register)
    assert len(register.heard.disclosed) == 1


def test_a_partner_whose_work_is_over_and_that_was_given_nothing_learns_nothing() -> None:
    register = at_work("narrative")
    register.end("NG-1", "offer-1", "partner-a")
    corrected(may_contact=False)(register)
    taken_back(register)
    assert len(register.heard.withheld) == 1
