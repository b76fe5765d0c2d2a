"""Intake hears of restrictions: of each change of the partners of a case, and nothing of a case without any."""

from __future__ import annotations

from typing import Any

from ngao.contracts import subscriptions_of
from tests.support.registry import MARY, Register

TYPE = "registry.restrictions.changed.v1"
ALMOST = {"names": ["Mary Wanjikuu Kamau"], "phones": ["0700000002"], "emails": []}


def heard(register: Register, case_ref: str) -> list[tuple[str, ...]]:
    """The partners that intake was sent for a case, event by event."""
    events = [each.event for unit in register.units for each in unit.publications if each.event.type == TYPE]
    return [tuple(each.data["partner_ids"]) for each in events if each.subject == case_ref]


def known(register: Register, case_ref: str = "NG-1", **identity: Any) -> str:
    return register.report(case_ref, identity or MARY).defender_ref or ""


def test_intake_alone_subscribes_to_it() -> None:
    assert TYPE in subscriptions_of("intake")
    assert not any(TYPE in subscriptions_of(other) for other in ("referral", "notify", "registry"))


def test_a_restriction_that_is_added_or_lifted_is_published_with_all_that_hold() -> None:
    register = Register()
    mary = known(register)
    register.restrict(mary, "partner-a")
    register.restrict(mary, "partner-b")
    register.lift(mary, "partner-a")
    register.lift(mary, "partner-b")
    assert heard(register, "NG-1") == [("partner-a",), ("partner-a", "partner-b"), ("partner-b",), ()]


def test_a_report_about_a_person_without_restrictions_costs_no_message() -> None:
    register = Register()
    known(register)
    register.update("NG-1", sequence=2)
    assert heard(register, "NG-1") == []


def test_a_later_report_about_the_person_is_published_with_its_restrictions_once() -> None:
    register = Register()
    register.restrict(known(register), "partner-a")
    known(register, "NG-2")
    register.update("NG-2", sequence=2, identity={**MARY, "phones": ["0700000009"]})
    assert heard(register, "NG-2") == [("partner-a",)]


def test_an_update_that_shows_who_it_is_publishes_their_restrictions_and_a_lift_ends_them() -> None:
    register = Register()
    mary = known(register)
    register.restrict(mary, "partner-a")
    register.report("NG-2")
    register.update("NG-2", sequence=2, identity=MARY)
    assert heard(register, "NG-2") == [("partner-a",)]
    register.lift(mary, "partner-a")
    assert heard(register, "NG-2") == [("partner-a",), ()]


def test_restrictions_of_a_probable_person_hold_until_a_human_keeps_them_apart() -> None:
    register = Register()
    register.restrict(known(register), "partner-a")
    known(register, "NG-2", **ALMOST)
    register.separate("NG-2")
    assert heard(register, "NG-2") == [("partner-a",), ()]
