"""Acts on record reach their chains, once each, whichever process appends them; what the service has not put there does not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from ngao.chassis.security.audit import Broken, Key, Record, Verified
from ngao.chassis.security.audit_lines import keyed_acts
from ngao.chassis.settings import StoreSettings
from ngao.chassis.storage.clerk import Clerk
from ngao.chassis.storage.connection import AUDIT, JOURNAL, TO_MOVE, Store
from ngao.chassis.storage.journal import Journal
from ngao.testing.processes import World
from ngao.testing.waiting import eventually
from tests.support.auditing import KEYS, journal_of

BARE = {"_id": "bare", "to_move": "bare", "audit": list[object]()}
STRANGER = Key("2026-10", b"s" * 32)


@pytest.fixture
def store(world: World) -> Iterator[Store]:
    made = Store(StoreSettings(world.parts.mongo_hosts, "rs0", world.database("clerk"), None, None, None, 3000), alias="clerk")
    made.ensure_indexes(())
    yield made
    made.client.drop_database(made.database.name)
    made.close()


def act(number: int) -> Record:
    return Record("case.read", f"NG-{number % 5}", "operator:amina", datetime.now(UTC), {"number": str(number)})


def put_on_record(store: Store, journal: Journal, numbers: range) -> None:
    store.database[JOURNAL].insert_many([line for number in numbers for line in journal.lines([act(number)], ())])


def line_of(acts: list[Record], key: Key) -> dict[str, Any]:
    """Of a long time ago."""
    line_id = "0" * 20
    return {"_id": line_id, "to_move": line_id, **keyed_acts(line_id, acts, key)}


def numbers_of(store: Store) -> list[int]:
    return [int(each["detail"]["number"]) for each in store.database[AUDIT].find().sort([("chain", 1), ("n", 1)])]


def test_acts_of_one_subject_are_in_the_order_in_which_they_were_put_on_record(store: Store) -> None:
    journal = journal_of(store.database)
    put_on_record(store, journal, range(40))
    journal.move_all()
    of_one = [each["detail"]["number"] for each in store.database[AUDIT].find({"subject": "NG-3"}).sort("n", 1)]
    assert of_one == [str(number) for number in range(3, 40, 5)]
    assert store.database[JOURNAL].count_documents(TO_MOVE) == 0


def test_acts_of_a_process_that_died_are_appended_by_another(store: Store) -> None:
    put_on_record(store, journal_of(store.database), range(3))
    clerk = Clerk(journal_of(store.database), 0.1)
    thread = threading.Thread(target=clerk.run, daemon=True)
    thread.start()
    try:
        eventually(lambda: sorted(numbers_of(store)) == [0, 1, 2], within=10, what="the acts to be in their chains")
    finally:
        clerk.stop()
        thread.join(10)
    assert isinstance(journal_of(store.database).verify(), Verified)


def test_a_clerk_that_stops_leaves_nothing(store: Store) -> None:
    journal = journal_of(store.database)
    clerk = Clerk(journal, 0.1)
    thread = threading.Thread(target=clerk.run, daemon=True)
    thread.start()
    put_on_record(store, journal, range(700))
    clerk.stop()
    thread.join(20)
    assert sorted(numbers_of(store)) == list(range(700))


def test_processes_that_append_at_the_same_moment_append_each_act_once(store: Store) -> None:
    put_on_record(store, journal_of(store.database), range(2_000))
    begin, journals = threading.Barrier(3), [journal_of(store.database) for _ in range(3)]

    def append(journal: Journal) -> None:
        begin.wait(10)
        journal.move_all()

    threads = [threading.Thread(target=append, args=(journal,)) for journal in journals]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    journal_of(store.database).move_all()
    assert sorted(numbers_of(store)) == list(range(2_000))
    found = journal_of(store.database).verify()
    assert isinstance(found, Verified)
    assert found.entries == 2_000


def test_an_act_that_the_service_has_not_put_on_record_is_not_appended_and_is_found(store: Store) -> None:
    journal = journal_of(store.database)
    forged = line_of([act(0)], STRANGER)
    changed = journal.lines([act(1)], ())[0]
    changed["audit"][0]["actor"] = "operator:somebody-else"
    store.database[JOURNAL].insert_many([forged, changed, BARE, *journal.lines([act(2)], ())])
    journal.move_all()
    assert numbers_of(store) == [2]
    assert journal.refused
    assert journal.verify() == Broken(-1, -1, "line")
    store.database[JOURNAL].delete_many({"_id": {"$in": [forged["_id"], changed["_id"], BARE["_id"]]}})
    assert isinstance(journal.verify(), Verified)
    assert not journal.refused


def test_how_long_the_oldest_act_has_waited_is_shown(store: Store) -> None:
    journal = journal_of(store.database)
    assert journal.oldest_s() == 0.0
    old = line_of([act(0)], KEYS.newest())
    store.database[JOURNAL].insert_one(old)
    assert journal.oldest_s() > 3600
    journal.move_all()
    assert journal.oldest_s() == 0.0
