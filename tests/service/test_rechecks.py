"""The relay asks before it publishes: one answer for an event, nothing is sent unanswered, and one question holds nobody else."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ngao.broker.exchanges import PARTNERS
from ngao.chassis.errors import Unavailable
from ngao.chassis.messaging.destinations import EVENTS
from ngao.chassis.messaging.outbox import WAITING
from ngao.chassis.messaging.rechecks import MayLeave
from ngao.chassis.storage.connection import TO_MOVE
from ngao.chassis.storage.unit_of_work import Unit
from ngao.contracts import Event
from ngao.kernel.actors import Actor
from ngao.testing.processes import World
from ngao.testing.waiting import eventually
from tests.support.relaying import Running, a_relay, event_of

FREE, ASKED, DOUBTED = "referral.case.closed.v1", "referral.case.opened.v1", "referral.case.reopened.v1"
"""No question is registered for the first; the tests register theirs for the others."""


@pytest.fixture
def running(world: World) -> Iterator[Running]:
    with a_relay(world) as made:
        yield made


def always(answer: bool) -> MayLeave:
    return lambda _unit, _event: answer


def raising(error: Exception) -> MayLeave:
    def ask(_unit: Unit, _event: Event) -> bool:
        raise error

    return ask


def test_what_carries_no_question_and_what_is_allowed_leave(running: Running) -> None:
    running.rechecks.register(ASKED, always(True))
    ids = running.holds(FREE, ASKED)
    running.begins()
    eventually(lambda: sorted(running.publisher.sent) == sorted(ids), what="both")
    eventually(lambda: running.outbox.count_documents({"sent_at": {"$exists": True}}) == 2, what="both to be kept")


def test_a_refusal_is_one_unit_of_work_for_all_entries_of_the_event(running: Running) -> None:
    """The answer, what follows from it and the end of the entries are stored together."""
    follow_up = event_of(FREE)

    def refuse(unit: Unit, event: Event) -> bool:
        unit.audit("event.refused", subject=event.subject, actor=Actor.system("test"))
        unit.emit(follow_up)
        return False

    running.rechecks.register(DOUBTED, refuse)
    [refused] = running.holds(DOUBTED, to=(EVENTS, PARTNERS))
    running.begins()
    eventually(lambda: running.publisher.sent == [follow_up.id], what="what follows from the refusal")
    assert running.outbox.count_documents({"message_id": refused}) == 0
    (line,) = running.outbox.find(TO_MOVE)
    assert [each["action"] for each in line["audit"]] == ["event.refused", "event.held_back"]


@pytest.mark.parametrize("question", [raising(Unavailable("The store does not answer.")), raising(RuntimeError("a fault"))])
def test_without_an_answer_an_entry_waits_and_holds_nobody(running: Running, question: MayLeave) -> None:
    running.rechecks.register(DOUBTED, question)
    running.rechecks.register(ASKED, always(True))
    unsure, *others = running.holds(DOUBTED, ASKED, FREE)
    running.begins()
    eventually(lambda: sorted(running.publisher.sent) == sorted(others), what="the others")
    waiting: dict[str, Any] = {"message_id": unsure, "trouble": "unanswered", **WAITING}
    eventually(lambda: running.outbox.count_documents(waiting) == 1, what="the entry to wait")
    shown = running.backlog.status()["troubled"]
    assert [(each["message_id"], each["trouble"]) for each in shown] == [(unsure, "unanswered")]
    running.rechecks.register(DOUBTED, always(True))
    eventually(lambda: unsure in running.publisher.sent, within=15, what="it to leave once there is an answer")


def test_an_event_that_was_refused_elsewhere_meanwhile_is_not_sent(running: Running) -> None:
    """Another process removed its entries after this one had claimed them."""

    def removed(_unit: Unit, event: Event) -> bool:
        running.outbox.delete_many({"message_id": event.id})
        return False

    running.rechecks.register(DOUBTED, removed)
    running.rechecks.register(ASKED, always(True))
    running.holds(DOUBTED)
    [later] = running.holds(ASKED)
    running.begins()
    eventually(lambda: running.publisher.sent == [later], what="the other event")
    eventually(lambda: not running.outbox.count_documents(WAITING), what="nothing to wait")


def test_a_slow_question_takes_some_of_a_turn_and_the_rest_is_asked_at_the_next(running: Running) -> None:
    """Others are sent before anything is asked, and each event is asked about once."""
    asked: list[str] = []
    slow: Callable[[float], bool] = threading.Event().wait

    def ask(_unit: Unit, event: Event) -> bool:
        asked.append(event.id)
        slow(0.4)
        return True

    running.rechecks.register(ASKED, ask)
    ids, [other] = running.holds(*[ASKED] * 6), running.holds(FREE)
    running.begins()
    eventually(lambda: len(running.publisher.sent) > 1, what="the first of them")
    assert running.publisher.sent[0] == other
    assert len(running.publisher.sent) < 1 + len(ids)
    eventually(lambda: sorted(running.publisher.sent) == sorted([*ids, other]), within=20, what="all of them")
    assert asked == ids
