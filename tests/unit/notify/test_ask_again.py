"""Whoever joins the roster is asked about every alarm that reached nobody, however many there are; one failure keeps no other."""

from __future__ import annotations

from collections.abc import Callable
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
from services.notify.roster.model import DUTY_OFFICER, Contact, Recipient
from services.notify.rules import Facts
from tests.support.notify import NotifyUnderTest

MORE_THAN_ONE_TURN = 201


class Parts(NotifyParts):
    """The parts of notify in memory; a unit of work about a case in `broken` fails."""

    def __init__(self) -> None:
        self.notify = NotifyUnderTest()
        self.chassis = cast("Any", SimpleNamespace(name="notify"))
        self.clock = self.notify.clock
        self.policy = self.notify.policy
        self.joined_at, self.left_to_ask = None, {}
        self.broken: set[str] = set()

    def read(self, principal: Principal | None = None) -> Context:
        return self.notify.open(principal)

    def run(self, work: Callable[[Context], Any], call: Any = None) -> Any:  # noqa: ARG002  # as the real one
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
        self.notify.context().roster.put(Contact(Recipient(DUTY_OFFICER, person), "email", "en"), f"{person}@example.org")

    def asked(self) -> set[str]:
        return {each.case_ref for each in self.messages() if each.state is State.QUEUED}

    def messages(self) -> list[Message]:
        return list(self.notify.messages.kept.values())


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


def test_one_message_that_cannot_be_escalated_keeps_no_other_ladder(parts: Parts) -> None:
    for person in ("duty-officer", "deputy"):
        parts.add(person)
    parts.hear("NG-1", "NG-2")
    parts.clock.advance(timedelta(minutes=10))
    parts.broken = {"NG-1"}
    escalate_due(parts)
    asked = [(each.case_ref, each.recipient.ref) for each in parts.messages() if each.case_ref == "NG-2"]
    assert asked == [("NG-2", "duty-officer"), ("NG-2", "deputy")]
