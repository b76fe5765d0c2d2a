"""The end of a consent recalls what it covered, once; another consent that holds besides it is not touched."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ngao.contracts.events.registry import ConsentChanged
from services.registry.consent.expire import end_consents_of
from tests.support.registry import MARY, NOW, SAFE, Register, accepted, consent

END = NOW + timedelta(hours=2)


def turn(register: Register) -> int:
    """What the timers of two processes do; returns how many cases there were."""
    due = register.ctx.cases.with_ended_consent(register.now, 100)
    for case_ref in due * 2:
        end_consents_of(register.ctx, case_ref)
    return len(due)


def said(register: Register) -> list[Any]:
    return [payload for payload, _ in register.published(ConsentChanged)]


@pytest.fixture
def register() -> Register:
    made = Register()
    made.report("NG-1", MARY, contact_safety=SAFE, consents=[consent(until=END)])
    made.accept(accepted())
    assert [each["offer_id"] for each in made.heard.disclosed] == ["offer-1"]
    return made


def test_what_a_partner_has_is_recalled_when_the_consent_ends_and_not_before(register: Register) -> None:
    register.pass_time(hours=1, minutes=59)
    assert (turn(register), register.heard.recalled) == (0, [])
    register.pass_time(minutes=1)
    assert turn(register) == 1
    assert register.heard.recalled == ["offer-1"]
    assert (turn(register), register.heard.recalled) == (0, ["offer-1"]), "once"


def test_the_others_get_the_ended_consent_once_more_and_no_withdrawal(register: Register) -> None:
    register.pass_time(hours=3)
    turn(register)
    (ended,) = said(register)
    assert (ended.case_ref, ended.granted, ended.retracted, ended.until, ended.scope) == ("NG-1", True, False, END, ("contact",))
    assert [each.action for each in register.audited if each.action.startswith("consent")] == ["consent.ended"]


def test_a_consent_that_holds_besides_it_keeps_what_the_partner_has() -> None:
    register = Register()
    register.report("NG-1", MARY, contact_safety=SAFE, consents=[consent(until=END), consent()])
    register.accept(accepted())
    register.pass_time(hours=3)
    assert turn(register) == 1
    assert register.heard.recalled == []


def test_a_consent_to_an_operator_ends_too_for_one_case_and_for_all() -> None:
    register = Register()
    mary = register.report("NG-1", MARY, contact_safety=SAFE, consents=[]).defender_ref or ""
    register.change_consent(mary, consent(at=register.now, until=END), "NG-1")
    register.report("NG-2", MARY, contact_safety=SAFE, consents=[])
    register.change_consent(mary, consent("narrative", at=register.now, until=END + timedelta(hours=1)))
    register.accept(accepted())
    register.pass_time(hours=2)
    assert turn(register) == 1
    assert register.heard.recalled == ["offer-1"]
    before = len(said(register))
    register.pass_time(hours=1)
    assert turn(register) == 2
    assert sorted(each.case_ref for each in said(register)[before:]) == ["NG-1", "NG-2"]


def test_a_consent_that_ends_again_later_is_acted_on_then() -> None:
    register = Register()
    mary = register.report("NG-1", MARY, contact_safety=SAFE, consents=[consent(until=END)]).defender_ref or ""
    register.pass_time(hours=3)
    assert turn(register) == 1
    register.change_consent(mary, consent(at=register.now, until=register.now + timedelta(hours=1)), "NG-1")
    register.accept(accepted())
    assert [each["offer_id"] for each in register.heard.disclosed] == ["offer-1"]
    register.pass_time(hours=1)
    assert turn(register) == 1
    assert register.heard.recalled == ["offer-1"]


def test_a_clock_that_jumps_ahead_and_back_recalls_once(register: Register) -> None:
    for days in (2, -2, 2):
        register.pass_time(days=days)
        turn(register)
    assert register.heard.recalled == ["offer-1"]


def test_after_a_jump_ahead_and_back_a_later_consent_ends_as_well(register: Register) -> None:
    register.pass_time(days=2)
    turn(register)
    register.pass_time(days=-2)
    mary = register.cases.kept["NG-1"].defender_ref or ""
    register.change_consent(mary, consent(at=register.now, until=register.now + timedelta(hours=1)), "NG-1")
    assert sum(each.action == "contact.disclosed" for each in register.audited) == 2
    register.pass_time(hours=1)
    assert turn(register) == 1
    assert register.heard.recalled == ["offer-1"], "what the report agreed to holds for another hour"
    register.pass_time(hours=1)
    assert turn(register) == 1
    assert register.heard.recalled == ["offer-1", "offer-1"]


def test_of_a_withdrawn_or_erased_report_nothing_is_published(register: Register) -> None:
    register.withdraw("NG-1", sequence=2)
    before = len(register.heard.recalled)
    register.pass_time(hours=3)
    turn(register)
    assert (said(register), len(register.heard.recalled)) == ([], before)
    assert register.ctx.cases.with_ended_consent(register.now, 100) == []
