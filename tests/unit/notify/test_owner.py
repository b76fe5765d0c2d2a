"""The owner of a case gets a letter of their own when the case is opened again.

Referral says who owns a case. Of one from before cases had an owner, whoever acknowledged an alarm last owns it.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from ngao.contracts import Event
from ngao.contracts.events.notices import OwnerNotice
from ngao.contracts.events.referral import CaseOwned
from ngao.testing.notify import Roster
from services.notify.errors import PolicyBroken
from services.notify.ladders.model import AlarmState
from services.notify.messages.model import Message, State
from services.notify.messages.plan import plan_for_owner
from services.notify.roster.model import DUTY_OFFICER, OWNER
from services.notify.rules import Rule
from tests.support.notify import CASE, officers
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


def given_to(desk: Desk, owner: str, sequence: int) -> None:
    """Let referral say who owns the case."""
    notice, desk.heard = OwnerNotice(case_ref=CASE, owner=owner), desk.heard + 1
    about = Event(CaseOwned.type_name, "/ngao/referral", CASE, {}, f"event-{desk.heard}", desk.now, sequence=sequence)
    plan_for_owner(desk.context(), notice, about)


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


def test_the_owner_that_referral_names_gets_the_letter_and_who_acknowledged_last_does_not() -> None:
    desk = owned(*ALL, "grace", "amina")
    given_to(desk, "amina", 3)
    desk.hear(REOPENED)
    assert letters_to(desk, "grace") == []
    assert [(each.template, each.state) for each in letters_to(desk, "amina")] == [("owner_look", State.QUEUED)]
    assert asked(desk) == ["duty-officer"]


def test_after_a_hand_over_the_new_owner_gets_the_letter_and_an_acknowledgement_changes_no_owner() -> None:
    desk = owned(*ALL, "grace", "amina", "juma")
    given_to(desk, "amina", 3)
    given_to(desk, "juma", 7)
    desk.hear("referral.failed", "critical", "1")
    desk.post()
    desk.acknowledge(desk.leads()[0], "grace")
    desk.hear(REOPENED)
    assert [letters_to(desk, person) for person in ("grace", "amina")] == [[], []]
    assert [each.template for each in letters_to(desk, "juma")] == ["owner_look"]


@pytest.mark.parametrize("repeated", [3, 7])
def test_an_owner_that_comes_late_or_twice_is_no_owner_any_more(repeated: int) -> None:
    desk = Desk(*ALL, "amina", "juma")
    given_to(desk, "juma", 7)
    given_to(desk, "amina", repeated)
    desk.hear(REOPENED)
    assert letters_to(desk, "amina") == []
    assert len(letters_to(desk, "juma")) == 1


def test_a_case_whose_alarm_no_one_acknowledged_has_the_owner_who_took_it_over() -> None:
    desk = Desk(*ALL, "amina")
    given_to(desk, "amina", 3)
    assert desk.messages.kept == {}
    desk.hear(REOPENED, "medium")
    assert [each.template for each in letters_to(desk, "amina")] == ["owner_look"]


def test_the_owner_of_one_case_owns_no_other() -> None:
    desk = owned(*ALL, "grace", "amina")
    notice = OwnerNotice(case_ref="NG-9999999999", owner="amina")
    plan_for_owner(desk.context(), notice, Event(CaseOwned.type_name, "/ngao/referral", notice.case_ref, {}, "e", desk.now))
    desk.hear(REOPENED)
    assert letters_to(desk, "amina") == []
    assert len(letters_to(desk, "grace")) == 1


def test_an_owner_who_is_asked_as_duty_officer_already_gets_no_second_letter() -> None:
    desk = Desk(*ALL)
    given_to(desk, "duty-officer", 3)
    desk.hear(REOPENED)
    assert [each.template for each in letters_to(desk, "duty-officer")] == ["look_now"]


def test_a_rule_of_a_coalition_may_write_to_the_new_owner_of_a_case() -> None:
    rule = Rule(CaseOwned.type_name, OWNER, "owner_look")
    desk = Desk(*ALL, "amina", "juma", policy=replace(POLICY, rules=(*POLICY.rules, rule)))
    given_to(desk, "amina", 3)
    given_to(desk, "juma", 7)
    given_to(desk, "amina", 5)
    assert [len(letters_to(desk, person)) for person in ("amina", "juma")] == [1, 1]
