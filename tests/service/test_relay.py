"""The relay goes on: over an error that nobody expected, and over a recipient that takes nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta

import pytest

from ngao.broker.exchanges import PARTNERS
from ngao.chassis.clock import SystemClock
from ngao.chassis.messaging import free_entries
from ngao.chassis.messaging.destinations import EVENTS
from ngao.chassis.messaging.outbox import WAITING, Entry
from ngao.chassis.messaging.publisher import Outcome, Outgoing
from ngao.chassis.messaging.sent_events import SentEvents
from ngao.chassis.messaging.settling import Settling
from ngao.testing.processes import World
from ngao.testing.waiting import eventually
from tests.support.relaying import Answering, Running, a_relay

SAID = "referral.case.closed.v1"


@pytest.fixture
def running(world: World) -> Iterator[Running]:
    with a_relay(world) as made:
        yield made


def counted(running: Running, reason: str) -> float:
    return running.metrics.registry.get_sample_value("ngao_relay_failed_total", {"reason": reason}) or 0.0


def test_an_event_that_cannot_be_published_holds_no_other(running: Running) -> None:
    before, [poison], after = running.holds(SAID, SAID), running.holds(SAID), running.holds(SAID)
    running.publisher.poison = {poison}
    running.begins()
    eventually(lambda: sorted(running.publisher.sent) == sorted([*before, *after]), what="the others")
    eventually(
        lambda: running.outbox.count_documents({"message_id": poison, "trouble": "failed", **WAITING}) == 1,
        what="the poison to be marked as failed",
    )
    running.publisher.poison = set()
    eventually(lambda: poison in running.publisher.sent, within=15, what="it to leave once it can")


def test_no_more_is_taken_at_once_than_a_service_has_memory_for(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the others of many large events wait for is in the store."""
    monkeypatch.setattr(free_entries, "_CLAIMED_BYTES", 250_000)
    held = running.holds(*[SAID] * 7)
    running.outbox.update_many({}, {"$set": {"body": bytes(100_000)}})
    at_once: list[int] = []

    def begin(batch: Sequence[Outgoing]) -> None:
        at_once.append(running.outbox.count_documents({"lease": {"$ne": ""}, **WAITING}))
        Answering.begin(running.publisher, batch)

    monkeypatch.setattr(running.publisher, "begin", begin)
    running.begins()
    eventually(lambda: sorted(running.publisher.sent) == sorted(held), what="all of them")
    assert max(at_once) == 2


def test_a_backlog_is_taken_in_pieces_each_behind_the_last_and_nothing_before_it_is_passed_over(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All entries have the same age and the same lease, as after a restore; one gets free that is older than all of them."""
    monkeypatch.setattr(free_entries, "_CLAIMED", 10)
    held = running.holds(*[SAID] * 35)
    now = datetime.now(UTC)
    running.outbox.update_many({}, {"$set": {"leased_until": now - timedelta(minutes=1), "created_at": now}})
    walked: list[int] = []
    claim = running.relay._claim

    def claimed(moment: datetime) -> list[Entry]:
        found = claim(moment)
        if len(walked) == 1:
            [late] = running.holds(SAID)
            running.outbox.update_one({"message_id": late}, {"$set": {"leased_until": now - timedelta(days=1)}})
            held.append(late)
        walked.append(len(found))
        return found

    monkeypatch.setattr(running.relay, "_claim", claimed)
    running.begins()
    eventually(lambda: sorted(running.publisher.sent) == sorted(held), what="all of them")
    assert len(held) == 36
    assert walked[:4] == [10, 10, 10, 5]


@pytest.mark.parametrize("change", [{"$unset": {"routing_key": ""}}, {"$set": {"to": "an-exchange-of-a-later-version"}}])
def test_an_entry_that_cannot_be_read_holds_no_other_and_is_kept(running: Running, change: dict[str, dict[str, str]]) -> None:
    [unreadable], [other] = running.holds(SAID), running.holds(SAID)
    running.outbox.update_one({"message_id": unreadable}, change)
    running.begins()
    eventually(lambda: running.publisher.sent == [other], what="the other event")
    eventually(lambda: counted(running, "unreadable"), what="it to be counted")
    assert running.outbox.count_documents({"message_id": unreadable}) == 1


def test_an_error_that_nobody_expected_does_not_end_the_relay(running: Running) -> None:
    running.publisher.faulty = True
    running.begins()
    eventually(lambda: counted(running, "error"), what="the error to be counted")
    [later] = running.holds(SAID)
    eventually(lambda: running.publisher.sent == [later], what="an event to leave all the same")


def test_of_a_recipient_without_a_queue_one_event_is_tried_and_all_leave_when_it_has_one(running: Running) -> None:
    held = running.holds(*[SAID] * 40, to=[PARTNERS], partner="absent")
    others = running.holds(*[SAID] * 3, to=[PARTNERS], partner="present")
    running.publisher.missing = {"absent"}
    running.begins()
    eventually(lambda: sorted(running.publisher.sent) == sorted(others), what="the other partner's events")
    shown = eventually(
        lambda: [each for each in running.backlog.unreached() if each.waiting == len(held)],
        what="all that waits for it to be shown",
    )
    assert [(each.to, each.recipient, each.trouble) for each in shown] == [(PARTNERS, "absent", "unroutable")]
    assert running.relay.problem() is None
    eventually(lambda: len(running.publisher.tried) > len(held) + len(others), within=15, what="one to be tried again")
    assert len(running.publisher.tried) <= len(held) + len(others) + 2
    running.publisher.missing = set()
    eventually(lambda: sorted(running.publisher.sent) == sorted([*held, *others]), within=15, what="all of them to leave")
    eventually(lambda: not running.backlog.unreached(), what="nobody to be shown any more")


def test_a_queue_of_our_own_that_is_missing_is_the_services_trouble(running: Running) -> None:
    running.holds(SAID, to=[EVENTS])
    running.publisher.missing = {"routine"}
    running.begins()
    eventually(running.relay.problem, what="the trouble to be shown")
    assert running.backlog.unreached() == []


def test_a_late_end_does_not_undo_a_replay(running: Running) -> None:
    """One process stands still after the confirm, another one sends the entry again, and an operator has it replayed."""
    [sent] = running.holds(SAID)
    document = running.outbox.find_one({"message_id": sent})
    assert document is not None
    held, clock = Entry.from_document(document | {"lease": "the first process's"}), SystemClock()
    late, prompt = (Settling(running.store, clock, running.metrics) for _ in range(2))
    late.settle([(held, Outcome.CONFIRMED)])
    prompt.settle([(Entry.from_document(document), Outcome.CONFIRMED)])
    prompt.end()
    waits = {"message_id": sent, **WAITING}
    eventually(lambda: not running.outbox.count_documents(waits), what="the end to be seen by a majority")
    SentEvents(running.store, None, clock).republish(held.subject, datetime.now(UTC) - timedelta(minutes=1), to=held.to)  # type: ignore[arg-type]
    late.end()
    late.settle([(held, Outcome.REFUSED)])  # written to a majority, and so is all before it
    assert running.outbox.count_documents(waits) == 1
