"""Reads that timers make every second look at what is due, not at all there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ngao.chassis.settings import StoreSettings
from ngao.chassis.storage.connection import Store
from ngao.chassis.storage.unit_of_work import Unit
from ngao.testing.processes import World
from services.notify.messages.store import DueMessages, MessageRepository
from services.notify.service import NotifyService
from services.referral.cases.model import Life
from services.referral.cases.store import CaseRepository, overdue_waits
from tests.support.documents import documents

NOW = datetime.now(UTC)
LATER, FURTHEST = NOW + timedelta(hours=1), timedelta(days=3)
MANY = 400


@contextmanager
def _opened(world: World, service: str, documents: Any) -> Iterator[Store]:
    settings = StoreSettings(world.parts.mongo_hosts, "rs0", world.database(f"due_{service}"), None, None, None, 3000)
    store = Store(settings, alias=service)
    try:
        store.ensure_indexes(documents)
        for document in documents:
            store.database[document.collection_name()].delete_many({})
        yield store
    finally:
        store.close()


@pytest.fixture
def referral(world: World) -> Iterator[Store]:
    with _opened(world, "referral", documents("referral")) as store:
        cases = [{"_id": f"c{at}", "revision": 1, "priority": at % 4, "next_deadline": LATER} for at in range(MANY)]
        store.database["cases"].insert_many(cases)
        store.database["cases"].update_many({"_id": {"$in": ["c5", "c6", "c8"]}}, {"$set": {"next_deadline": NOW}})
        yield store


@pytest.fixture
def notify(world: World) -> Iterator[Store]:
    with _opened(world, "notify", NotifyService.documents) as store:
        messages = [{"_id": f"m{at}", "urgent": at % 2 == 0, "due": LATER, "escalate_at": LATER} for at in range(MANY)]
        store.database["messages"].insert_many(messages)
        store.database["messages"].update_many({"_id": {"$in": ["m7", "m8"]}}, {"$set": {"escalate_at": NOW}})
        yield store


def _looked_at(store: Store, read: Callable[[], object]) -> int:
    """How many index keys a read has looked at."""
    database = store.database
    database.drop_collection("system.profile")  # it has the reads of earlier tests
    database.command("profile", 2)
    read()
    database.command("profile", 0)
    return sum(each.get("keysExamined", 0) for each in database["system.profile"].find({"ns": {"$not": {"$regex": "profile"}}}))


def _unit(store: Store) -> Unit:
    return Unit(NOW, None, store.lookups)  # type: ignore[arg-type]  # nothing is sealed here


def test_cases_whose_wait_is_over_are_found_urgent_ones_first_without_a_walk_through_all(referral: Store) -> None:
    cases = CaseRepository(_unit(referral))
    assert cases.due(NOW, 10) == ["c8", "c5", "c6"]
    assert _looked_at(referral, lambda: cases.due(NOW, 10)) < 20


@pytest.mark.parametrize("owner", ["amina", None])
@pytest.mark.parametrize("lives", [None, [Life.OPEN], [Life.WAITING, Life.OPEN]])
def test_the_cases_of_an_owner_are_found_without_a_walk_through_all(
    referral: Store, owner: str | None, lives: list[Life] | None
) -> None:
    database = referral.database["cases"]
    database.update_many({}, {"$set": {"life": "open", "owner": "juma", "created_at": LATER}})
    few = {"c1": "open", "c2": "waiting", "c3": "closed"}
    for at, (case_ref, life) in enumerate(few.items()):
        found = {"life": life, "created_at": NOW + timedelta(minutes=at)}
        of_owner = {"$unset": {"owner": ""}, "$set": found} if owner is None else {"$set": {**found, "owner": owner}}
        database.update_one({"_id": case_ref}, of_owner)
    cases = CaseRepository(_unit(referral))
    wanted = [case_ref for case_ref, life in reversed(few.items()) if lives is None or life in lives]
    assert [each.id for each in cases.latest(lives, 10, None, [owner])] == wanted
    assert _looked_at(referral, lambda: cases.latest(lives, 10, None, [owner])) < 20


def test_missing_disclosures_are_counted_without_a_walk_through_all(referral: Store) -> None:
    referral.database["cases"].update_many({"_id": {"$in": ["c1", "c2"]}}, {"$set": {"undisclosed_since": NOW}})
    assert len(overdue_waits(NOW)["disclosure"]) == 2
    assert _looked_at(referral, lambda: overdue_waits(NOW)) < 20


def test_a_late_acknowledgement_is_found_urgent_ones_first_without_a_walk_through_all(notify: Store) -> None:
    messages = MessageRepository(_unit(notify))
    assert messages.overdue(NOW, FURTHEST, 10) == ["m8", "m7"]
    assert _looked_at(notify, lambda: messages.overdue(NOW, FURTHEST, 10)) < 20


@pytest.mark.parametrize("urgent_only", [True, False])
def test_a_sender_with_nothing_due_does_not_walk_through_what_is_due_later(notify: Store, urgent_only: bool) -> None:
    due_messages = DueMessages(notify.durable("messages"), FURTHEST)
    assert _looked_at(notify, lambda: due_messages.lease_next(NOW, timedelta(minutes=1), urgent_only=urgent_only)) < 20
