"""Silence climbs the ladder to a named human; an acknowledgement stops it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ngao.chassis.errors import NotFound
from ngao.testing.notify import Roster, shipped_policy
from services.notify.errors import PolicyBroken
from services.notify.ladders.acknowledge import acknowledge_message
from services.notify.ladders.escalate import escalate_message
from services.notify.messages.model import Message, State
from services.notify.messages.plan import plan_messages
from services.notify.rules import Facts, Ladder, Policy, Step
from tests.support.notify import NotifyUnderTest, facts, officers

POLICY = shipped_policy()
PEOPLE = ("duty-officer", "deputy", "coordinator")


class Watch(NotifyUnderTest):
    """One escalation, with time in the test's hand."""

    def __init__(self, *present: str, policy: Policy = POLICY) -> None:
        super().__init__(*officers(*present), policy=policy)
        self.hear(facts("intake.report.accepted"))

    def hear(self, about: Facts) -> None:
        plan_messages(self.context(), about)

    def wait(self, minutes: float) -> None:
        self.clock.advance(timedelta(minutes=minutes))
        for message in self.messages.kept.values():
            if message.state is State.QUEUED:  # the mail server takes everything here
                message.attempts, message.state, message.next_attempt = 1, State.SENT, None
        for message_id in self.context().messages.overdue(self.clock.now(), POLICY.furthest, 10):
            escalate_message(self.context(), message_id)

    def acknowledge(self, which: int) -> Message:
        message_id = list(self.messages.kept)[which]
        return acknowledge_message(self.context(), message_id, "grace")

    def told(self) -> list[str]:
        return [ref for ref, state in self.addressed() if state is not State.REFUSED]


def test_nobody_else_is_told_before_the_deadline() -> None:
    watch = Watch(*PEOPLE)
    watch.wait(9.9)
    assert watch.told() == ["duty-officer"]


def test_silence_tells_each_in_turn_and_then_reminds_the_named_human_until_the_ladder_ends() -> None:
    watch = Watch(*PEOPLE)
    for minutes in (10, 10, 15, 15, 15, 15, 15, 15, 15):
        watch.wait(minutes)
    assert watch.told() == ["duty-officer", "deputy", *["coordinator"] * 6]
    last = list(watch.messages.kept.values())[-1]
    assert last.escalate_at is None
    assert last.notes[-1].what == "ladder_ended"


def test_a_deadline_that_a_clock_two_days_ahead_has_set_is_over_when_the_clock_is_right() -> None:
    watch = Watch(*PEOPLE)
    watch.wait(-2 * 24 * 60)
    assert watch.told() == ["duty-officer", "deputy"]


def test_an_acknowledgement_stops_the_ladder() -> None:
    watch = Watch(*PEOPLE)
    assert watch.acknowledge(0).acknowledged_by == "grace"
    watch.wait(600)
    assert watch.told() == ["duty-officer"]
    assert watch.said == [("acknowledged", "duty_officer:duty-officer", "grace")]


def test_the_first_one_acknowledging_late_stops_the_second_ones_deadline_too() -> None:
    watch = Watch(*PEOPLE)
    watch.wait(10)
    watch.acknowledge(0)
    watch.wait(600)
    assert watch.told() == ["duty-officer", "deputy"]


def test_acknowledging_twice_says_it_once() -> None:
    watch = Watch(*PEOPLE)
    watch.acknowledge(0)
    watch.acknowledge(0)
    assert len(watch.said) == 1


def test_somebody_without_an_address_is_passed_over_at_once_and_the_refusal_is_said() -> None:
    watch = Watch("coordinator")
    assert watch.told() == ["coordinator"]
    assert [said[:2] for said in watch.said] == [
        ("refused", "duty_officer:duty-officer"),
        ("refused", "duty_officer:deputy"),
    ]


def test_an_empty_roster_refuses_each_person_once() -> None:
    watch = Watch()
    assert watch.told() == []
    assert [said[1] for said in watch.said] == [f"duty_officer:{name}" for name in PEOPLE]


def test_the_only_person_who_can_be_reached_is_reminded_as_the_last_one_would_be() -> None:
    watch = Watch("duty-officer")
    watch.wait(10)
    assert watch.told() == ["duty-officer"] * 2
    for _ in range(5):
        watch.wait(15)
    assert watch.told() == ["duty-officer"] * 6
    watch.wait(15)
    assert watch.told() == ["duty-officer"] * 6
    assert list(watch.messages.kept.values())[-1].notes[-1].what == "ladder_ended"


@pytest.mark.parametrize("absent", ["coordinator", "deputy"])
def test_the_last_person_who_can_be_reached_is_reminded_until_somebody_acknowledges(absent: str) -> None:
    present = [name for name in PEOPLE if name != absent]
    watch = Watch(*present)
    for minutes in (10, 10, 15, 15):
        watch.wait(minutes)
    reminded = watch.told()
    assert (reminded[:2], set(reminded[2:])) == (present, {present[-1]})
    watch.acknowledge(0)
    watch.wait(600)
    assert watch.told() == reminded


def test_who_joins_the_roster_later_on_the_ladder_gets_the_next_reminder() -> None:
    watch = Watch("duty-officer")
    watch.wait(10)
    watch.roster.update(Roster(*officers("coordinator")))
    watch.wait(15)
    assert watch.told() == ["duty-officer", "duty-officer", "coordinator"]


def test_a_policy_without_reminders_reminds_nobody() -> None:
    ladders = {name: replace(ladder, reminders=0) for name, ladder in POLICY.ladders.items()}
    watch = Watch("duty-officer", policy=replace(POLICY, ladders=ladders))
    watch.wait(600)
    assert watch.told() == ["duty-officer"]


def test_an_unknown_message_cannot_be_acknowledged() -> None:
    with pytest.raises(NotFound):
        acknowledge_message(NotifyUnderTest().context(), "nobody", "grace")


@pytest.mark.parametrize("people", [(), ("grace", "grace")])
def test_a_ladder_that_would_tell_nobody_or_one_twice_stops_the_start(people: tuple[str, ...]) -> None:
    ladder = Ladder("critical", tuple(Step(name, timedelta(minutes=1)) for name in people))
    with pytest.raises(PolicyBroken):
        replace(POLICY, ladders={**POLICY.ladders, "critical": ladder}).check()


@pytest.mark.parametrize(
    "wrong",
    [
        {"recipient_kind": "everybody"},
        {"ladder": None},
        {"ladder": "elsewhere"},
        {"template": "elsewhere"},
        {"recipient_kind": "partner"},
        {"recipient_kind": "defender", "ladder": None, "urgent": True},
    ],
)
def test_a_rule_that_contradicts_itself_stops_the_start(wrong: dict[str, object]) -> None:
    with pytest.raises(PolicyBroken):
        replace(POLICY, rules=(replace(POLICY.rules[0], **wrong),)).check()
