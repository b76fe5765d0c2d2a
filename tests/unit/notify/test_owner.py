"""Whoever acknowledged a case's alarm last owns it, and gets a letter of their own when the case is opened again."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ngao.testing.notify import Roster
from services.notify.errors import PolicyBroken
from services.notify.ladders.model import AlarmState
from services.notify.messages.model import Message, State
from services.notify.roster.model import DUTY_OFFICER, OWNER
from services.notify.rules import Rule
from tests.support.notify import officers
from tests.unit.notify.test_alarms import ALL, POLICY, UNKNOWN_USER, Desk

REOPENED = "referral.case.reopened"


def owned(*people: str, by: str = "grace") -> Desk:
    """A case whose first alarm was acknowledged."""
    desk = Desk(*people)
    desk.hear("intake.report.accepted")
    desk.post()
    desk.acknowledge(desk.leads()[0], by)
    desk.wait(20)
    return desk


def letters_to(desk: Desk, person: str) -> list[Message]:
    return [each for each in desk.messages.kept.values() if each.recipient.ref == person]


def asked(desk: Desk) -> list[str]:
    return [lead.recipient.ref for lead in desk.leads()]


@pytest.mark.parametrize("urgency", ["critical", "high", "medium", "low"])
def test_the_owner_gets_a_letter_beside_the_duty_officer(urgency: str) -> None:
    desk = owned(*ALL, "grace")
    desk.hear(REOPENED, urgency)
    desk.post()
    assert asked(desk) == ["duty-officer"]
    (letter,) = letters_to(desk, "grace")
    assert (letter.state, letter.ladder, letter.recipient.kind) == (State.SENT, None, DUTY_OFFICER)


def test_of_several_who_acknowledged_the_last_one_owns_the_case() -> None:
    desk = owned(*ALL, "grace", "amina")
    desk.hear("referral.failed", "critical", "1")
    desk.post()
    desk.acknowledge(desk.leads()[0], "amina")
    desk.hear(REOPENED)
    assert letters_to(desk, "grace") == []
    assert [each.state for each in letters_to(desk, "amina")] == [State.QUEUED]


def test_a_case_that_nobody_acknowledged_has_no_owner() -> None:
    desk = Desk(*ALL, "grace")
    desk.hear("intake.report.accepted", "medium")
    desk.hear(REOPENED)
    assert [each.recipient.ref for each in desk.messages.kept.values()] == ["duty-officer"]


def test_an_owner_without_an_address_is_shown_and_the_duty_officer_is_asked() -> None:
    desk = owned(*ALL)
    desk.hear(REOPENED)
    assert [(each.state, each.reason) for each in letters_to(desk, "grace")] == [(State.REFUSED, "no_address")]
    assert asked(desk) == ["duty-officer"]


def test_an_owner_who_is_asked_as_duty_officer_gets_one_letter() -> None:
    desk = owned(*ALL, by="duty-officer")
    desk.hear(REOPENED)
    assert [each.template for each in letters_to(desk, "duty-officer")] == ["look_now", "look_now"]
    assert asked(desk) == ["duty-officer"]


def test_the_ladder_still_climbs_to_an_owner_who_is_on_it() -> None:
    desk = owned(*ALL, by="deputy")
    desk.hear(REOPENED)
    desk.post()
    desk.wait(10)
    desk.post()
    assert asked(desk) == ["deputy"]
    assert {each.template for each in letters_to(desk, "deputy")} == {"look_now", "owner_look"}


def test_an_owner_who_acknowledges_their_letter_ends_the_ladder_and_owns_the_case() -> None:
    desk = owned(*ALL, "grace")
    desk.hear(REOPENED)
    desk.post()
    desk.acknowledge(letters_to(desk, "grace")[0], "grace")
    assert (desk.leads(), desk.state()) == ([], AlarmState.ACKNOWLEDGED)
    desk.hear(REOPENED)
    assert len(letters_to(desk, "grace")) == 2
    assert asked(desk) == ["duty-officer"]


def test_an_owners_letter_that_is_lost_holds_no_alarm() -> None:
    desk = owned(*ALL, "grace")
    desk.hear(REOPENED)
    desk.post(UNKNOWN_USER, only_to="grace")
    assert asked(desk) == ["duty-officer"]
    assert letters_to(desk, "grace")[0].state is State.FAILED


def test_an_event_heard_twice_makes_one_letter_to_the_owner() -> None:
    desk = owned(*ALL, "grace")
    for _ in range(2):
        desk.hear(REOPENED)
        desk.heard -= 1
    assert len(letters_to(desk, "grace")) == 1


def test_rules_by_which_an_owners_letter_could_take_the_place_of_a_step_of_a_ladder_are_refused() -> None:
    rule = Rule("referral.case.reopened.v1", OWNER, "look_now")
    with pytest.raises(PolicyBroken, match="template"):
        replace(POLICY, rules=(*POLICY.rules, rule)).check()


def test_a_partners_letter_without_an_alarm_of_its_own_answers_no_alarm_of_the_case() -> None:
    desk = Desk(*ALL)
    desk.hear("referral.unroutable", "critical", "1")
    desk.hear("referral.offered", "critical", "2")
    desk.post()
    desk.acknowledge(letters_to(desk, "clinic")[0])
    assert asked(desk) == ["duty-officer"]


def test_the_owner_of_an_acknowledged_partners_letter_is_whoever_acknowledged_it() -> None:
    desk = Desk(*ALL, "grace")
    desk.roster |= Roster(*officers("grace"))
    desk.hear("referral.expired", "critical", "1")
    desk.post()
    (to_partner,) = letters_to(desk, "clinic")
    desk.acknowledge(to_partner, "grace")
    assert (desk.leads(), desk.state()) == ([], AlarmState.ACKNOWLEDGED)
    desk.hear(REOPENED)
    assert [each.template for each in letters_to(desk, "grace")] == ["owner_look"]
