"""Acts on record reach their chains, once each, whichever process appends them; what the service has not put there does not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from ngao.chassis.security.audit import Broken, Key, Record, Verified
from ngao.chassis.security.audit_lines import line_of
from ngao.chassis.settings import StoreSettings
from ngao.chassis.storage.audit_trail import AuditTrail
from ngao.chassis.storage.clerk import Clerk
from ngao.chassis.storage.connection import AUDIT, JOURNAL, UNCHAINED, Store
from ngao.testing.processes import World
from ngao.testing.waiting import eventually
from tests.support.auditing import KEYS, audit_keys

STRANGER = Key("2026-10", b"s" * 32)


@pytest.fixture
def store(world: World) -> Iterator[Store]:
    made = Store(StoreSettings(world.parts.mongo_hosts, "rs0", world.database("clerk"), None, None, None, 3000), alias="clerk")
    made.ensure_indexes(())
    yield made
    made.client.drop_database(made.database.name)
    made.close()


def trail_of(store: Store) -> AuditTrail:
    """One process's."""
    return AuditTrail(store.database, audit_keys())


def act(number: int) -> Record:
    return Record("case.read", f"NG-{number % 5}", "operator:amina", datetime.now(UTC), {"number": str(number)})


def put_on_record(store: Store, trail: AuditTrail, numbers: range) -> None:
    store.database[JOURNAL].insert_many([trail.line([act(number)]) for number in numbers])


def numbers_of(store: Store) -> list[int]:
    return [int(each["detail"]["number"]) for each in store.database[AUDIT].find().sort([("chain", 1), ("n", 1)])]


def test_acts_of_one_subject_are_in_the_order_in_which_they_were_put_on_record(store: Store) -> None:
    trail = trail_of(store)
    put_on_record(store, trail, range(40))
    trail.chain_all()
    of_one = [each["detail"]["number"] for each in store.database[AUDIT].find({"subject": "NG-3"}).sort("n", 1)]
    assert of_one == [str(number) for number in range(3, 40, 5)]
    assert store.database[JOURNAL].count_documents(UNCHAINED) == 0


def test_acts_of_a_process_that_died_are_appended_by_another(store: Store) -> None:
    put_on_record(store, trail_of(store), range(3))
    clerk = Clerk(trail_of(store))
    thread = threading.Thread(target=clerk.run, daemon=True)
    thread.start()
    try:
        eventually(lambda: sorted(numbers_of(store)) == [0, 1, 2], within=10, what="the acts to be in their chains")
    finally:
        clerk.stop()
        thread.join(10)
    assert isinstance(trail_of(store).verify(), Verified)


def test_a_clerk_that_stops_leaves_nothing(store: Store) -> None:
    trail = trail_of(store)
    clerk = Clerk(trail)
    thread = threading.Thread(target=clerk.run, daemon=True)
    thread.start()
    put_on_record(store, trail, range(700))
    clerk.stop()
    thread.join(20)
    assert sorted(numbers_of(store)) == list(range(700))


def test_processes_that_append_at_the_same_moment_append_each_act_once(store: Store) -> None:
    put_on_record(store, trail_of(store), range(2_000))
    begin, trails = threading.Barrier(3), [trail_of(store) for _ in range(3)]

    def append(trail: AuditTrail) -> None:
        begin.wait(10)
        trail.chain_all()

    threads = [threading.Thread(target=append, args=(trail,)) for trail in trails]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    trail_of(store).chain_all()
    assert sorted(numbers_of(store)) == list(range(2_000))
    found = trail_of(store).verify()
    assert isinstance(found, Verified)
    assert found.entries == 2_000


def test_an_act_that_the_service_has_not_put_on_record_is_not_appended_and_is_found(store: Store) -> None:
    trail = trail_of(store)
    forged = line_of("0" * 20, [act(0)], STRANGER)
    changed = trail.line([act(1)])
    changed["audit"][0]["actor"] = "operator:somebody-else"
    store.database[JOURNAL].insert_many([forged, changed, {"_id": "bare", "unchained": "bare"}, trail.line([act(2)])])
    trail.chain_all()
    assert numbers_of(store) == [2]
    assert trail.refused
    assert trail.verify() == Broken(-1, -1, "line")
    store.database[JOURNAL].delete_many({"_id": {"$in": [forged["_id"], changed["_id"], "bare"]}})
    assert isinstance(trail.verify(), Verified)
    assert not trail.refused


def test_how_long_the_oldest_act_has_waited_is_shown(store: Store) -> None:
    trail = trail_of(store)
    assert trail.oldest_s() == 0.0
    old = line_of("0" * 20, [act(0)], KEYS.newest())
    store.database[JOURNAL].insert_one(old)
    assert trail.oldest_s() > 3600
    trail.chain_all()
    assert trail.oldest_s() == 0.0
