"""Whoever joins the roster is asked about every alarm that reached nobody, however many there are; one failure keeps no other."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ngao.chassis.errors import Unavailable
from ngao.chassis.security.identity import Principal
from services.notify.context import Context, NotifyParts
from services.notify.ladders.ask_again import ask_all_again, ask_those_left
from services.notify.ladders.escalate import escalate_due
from services.notify.messages.model import Message, State
from services.notify.messages.plan import plan_messages
from services.notify.roster.model import DUTY_OFFICER, PARTNER, Recipient
from services.notify.roster.put import put_on_roster
from services.notify.rules import Facts
from tests.support.notify import NotifyUnderTest

MORE_THAN_ONE_TURN = 201


class Parts(NotifyParts):
    """The parts of notify in memory; a unit of work about a case in `broken` fails. Each is a process of its own."""

    def __init__(self, notify: NotifyUnderTest | None = None) -> None:
        self.notify = notify or NotifyUnderTest()
        self.chassis = cast("Any", SimpleNamespace(name="notify"))
        self.clock = self.notify.clock
        self.policy = self.notify.policy
        self.left_to_ask, self.listed_for, self.asking = {}, {}, 0
        self.broken: set[str] = set()
        self.meanwhile: Callable[[], None] | None = None

    def read(self, principal: Principal | None = None) -> Context:
        return self.notify.open(principal)

    def run(self, work: Callable[[Context], Any], call: Any = None) -> Any:  # noqa: ARG002  # as the real one
        happens, self.meanwhile = self.meanwhile, None
        if happens:
            happens()
        ctx = self.notify.open()
        alarms_of = ctx.messages.alarms_of

        def read_alarms(case_ref: str) -> Any:
            if case_ref in self.broken:
                raise Unavailable("The store does not answer.")
            return alarms_of(case_ref)

        ctx.messages.alarms_of = read_alarms  # type: ignore[method-assign]
        return work(ctx)

    def hear(self, *cases: str) -> None:
        for case_ref in cases:
            self.notify.clock.advance(timedelta(seconds=1))
            told = Facts(f"event-{case_ref}", "intake.report.accepted.v1", case_ref, "critical")
            plan_messages(self.notify.context(), told)

    def add(self, person: str) -> None:
        join(self, Recipient(DUTY_OFFICER, person))

    def asked(self) -> set[str]:
        return {each.case_ref for each in self.messages() if each.state is State.QUEUED}

    def messages(self) -> list[Message]:
        return list(self.notify.messages.kept.values())


def join(parts: Parts, person: Recipient) -> None:
    put_on_roster(parts.notify.context(), person, {"email": f"{person.ref}@example.org", "language": "en"})


@pytest.fixture
def parts() -> Parts:
    return Parts()


def test_every_case_is_asked_about_however_many_there_are(parts: Parts) -> None:
    cases = [f"NG-{number}" for number in range(MORE_THAN_ONE_TURN)]
    parts.hear(*cases)
    parts.add("coordinator")
    ask_all_again(parts)
    ask_those_left(parts)
    assert parts.asked() == set(cases)


def test_one_case_that_fails_keeps_no_other_from_being_asked(parts: Parts) -> None:
    parts.hear("NG-1", "NG-2", "NG-3")
    parts.add("coordinator")
    parts.broken = {"NG-2"}
    ask_all_again(parts)
    assert parts.asked() == {"NG-1", "NG-3"}
    ask_those_left(parts)
    parts.broken.clear()
    ask_those_left(parts)
    assert parts.asked() == {"NG-1", "NG-2", "NG-3"}


def test_an_alarm_that_ends_while_somebody_joins_is_asked_about_a_moment_later(parts: Parts) -> None:
    parts.add("coordinator")
    ask_all_again(parts)
    present = dict(parts.notify.roster)
    parts.notify.roster.clear()  # the unit that plans has read the roster before
    parts.hear("NG-1")
    parts.notify.roster.update(present)
    ask_those_left(parts)
    assert parts.asked() == set()
    parts.clock.advance(timedelta(seconds=11))
    ask_those_left(parts)
    assert parts.asked() == {"NG-1"}


@pytest.mark.parametrize("first_turn", [True, False])
def test_a_process_that_dies_before_it_has_asked_leaves_nobody_unasked(parts: Parts, *, first_turn: bool) -> None:
    cases = [f"NG-{number}" for number in range(MORE_THAN_ONE_TURN)]
    parts.hear(*cases)
    parts.add("coordinator")
    if first_turn:
        ask_all_again(parts)
        assert len(parts.asked()) < len(cases)
    parts.clock.advance(timedelta(seconds=11))
    ask_those_left(Parts(parts.notify))
    assert parts.asked() == set(cases)


def test_a_case_that_could_not_be_asked_about_is_asked_about_by_the_next_process(parts: Parts) -> None:
    parts.hear("NG-1", "NG-2")
    parts.add("coordinator")
    parts.broken = {"NG-2"}
    ask_all_again(parts)
    parts.clock.advance(timedelta(minutes=5))
    ask_those_left(parts)
    ask_those_left(Parts(parts.notify))
    assert parts.asked() == {"NG-1", "NG-2"}


def test_a_process_that_dies_while_it_asks_about_the_last_cases_leaves_nobody_unasked(parts: Parts) -> None:
    parts.hear("NG-1")
    parts.clock.advance(timedelta(minutes=5))
    parts.add("coordinator")
    parts.clock.advance(timedelta(seconds=11))
    parts.broken = {"NG-1"}
    parts.meanwhile = lambda: ask_those_left(parts)  # its timer, while the request that put the person on the roster asks
    ask_all_again(parts)
    ask_those_left(Parts(parts.notify))
    assert parts.asked() == {"NG-1"}


def test_who_was_asked_about_everything_is_not_asked_again_by_the_next_process(parts: Parts) -> None:
    parts.hear("NG-1")
    parts.add("coordinator")
    ask_all_again(parts)
    parts.clock.advance(timedelta(seconds=11))
    ask_those_left(parts)
    alarms = deepcopy(parts.notify.alarms.kept)
    another = Parts(parts.notify)
    ask_those_left(another)
    assert (another.left_to_ask, another.read().roster.joined(), parts.notify.alarms.kept) == ({}, {}, alarms)


def test_the_mark_of_a_person_who_joins_again_just_when_everything_was_asked_stays(parts: Parts) -> None:
    parts.add("coordinator")
    ask_all_again(parts)
    parts.clock.advance(timedelta(seconds=11))
    parts.meanwhile = lambda: parts.add("coordinator")
    ask_those_left(parts)
    assert list(parts.read().roster.joined().values()) == [parts.clock.now()]


def test_a_partner_contact_asks_about_no_alarm(parts: Parts) -> None:
    join(parts, Recipient(PARTNER, "clinic"))
    assert parts.read().roster.joined() == {}


def test_one_message_that_cannot_be_escalated_keeps_no_other_ladder(parts: Parts) -> None:
    for person in ("duty-officer", "deputy"):
        parts.add(person)
    parts.hear("NG-1", "NG-2")
    parts.clock.advance(timedelta(minutes=10))
    parts.broken = {"NG-1"}
    escalate_due(parts)
    asked = [(each.case_ref, each.recipient.ref) for each in parts.messages() if each.case_ref == "NG-2"]
    assert asked == [("NG-2", "duty-officer"), ("NG-2", "deputy")]
