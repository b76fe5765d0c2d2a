"""Lines of the journal reach their places, once each, whichever process moves them; what the service has not written does not."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from pymongo.errors import ExecutionTimeout

from ngao.chassis.clock import SystemClock
from ngao.chassis.errors import Unavailable
from ngao.chassis.rereading import Reread
from ngao.chassis.security.audit import Broken, Key, Keys, Record, Verified
from ngao.chassis.security.audit_lines import keyed_acts
from ngao.chassis.settings import StoreSettings
from ngao.chassis.storage import journal as journal_module
from ngao.chassis.storage.audit_trail import AuditTrail
from ngao.chassis.storage.committer import GroupCommitter
from ngao.chassis.storage.connection import AUDIT, JOURNAL, TO_MOVE, Store
from ngao.chassis.storage.journal import Clerk, Journal
from ngao.chassis.storage.keyring import Keyring, ciphers
from ngao.chassis.storage.unit_of_work import Unit
from ngao.chassis.storage.units import Units
from ngao.contracts import encode
from ngao.testing.processes import World
from ngao.testing.waiting import eventually
from tests.support.auditing import KEYS, audit_keys, journal_of

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
    assert journal.forged
    assert journal.verify() == Broken(-1, -1, "line")
    store.database[JOURNAL].delete_many({"_id": {"$in": [forged["_id"], changed["_id"], BARE["_id"]]}})
    assert isinstance(journal.verify(), Verified)
    assert not journal.forged


def test_how_long_the_oldest_act_has_waited_is_shown(store: Store) -> None:
    journal = journal_of(store.database)
    assert journal.oldest_s() == 0.0
    old = line_of([act(0)], KEYS.newest())
    store.database[JOURNAL].insert_one(old)
    assert journal.oldest_s() > 3600
    journal.move_all()
    assert journal.oldest_s() == 0.0


def committing(store: Store, keyring: Keyring | None = None) -> Units:
    """The units of one process."""
    lease = ("", datetime.now(UTC))
    committer = GroupCommitter(
        store, lambda: datetime.now(UTC), lambda _: None, lease=lambda: lease, encode=encode, journal=journal_of(store.database)
    )
    return Units(SystemClock(), keyring, store.lookups, committer)  # type: ignore[arg-type]  # not all tests seal


def carry(units: Units, *names: str) -> None:
    for name in names:
        units.run(lambda unit, name=name: unit.carry("things", {"_id": name, "nothing": None}))  # type: ignore[misc]


def test_a_carried_record_is_there_for_who_asks_for_it(store: Store) -> None:
    units = committing(store)
    carry(units, "one")
    assert store.database["things"].count_documents({}) == 0
    units.read().move_carried()
    assert list(store.database["things"].find()) == [{"_id": "one"}]


def test_a_record_whose_place_is_taken_stays_and_keeps_no_other(store: Store) -> None:
    store.database["things"].insert_one({"_id": "two", "first": True})
    units, journal = committing(store), journal_of(store.database)
    carry(units, "one", "two", "three")
    journal.move_all()
    assert {each["_id"] for each in store.database["things"].find()} == {"one", "two", "three"}
    assert store.database["things"].find_one({"_id": "two"}) == {"_id": "two", "first": True}
    (left,) = store.database[JOURNAL].find(TO_MOVE)
    assert left["record"] == {"_id": "two"}
    assert journal.refused == [left["_id"]]
    carry(units, "four")
    journal.move_all()
    assert store.database["things"].find_one({"_id": "four"})


def test_lines_are_moved_in_pieces_that_fit_in_memory(store: Store) -> None:
    units, journal = committing(store), journal_of(store.database)
    for name in ("one", "two", "three"):
        units.run(lambda unit, name=name: unit.carry("things", {"_id": name, "content": bytes(5 * 1024**2)}))  # type: ignore[misc]
    moved: list[int] = []
    while journal._move():
        moved.append(store.database["things"].count_documents({}))
    assert moved == [1, 2]
    assert store.database["things"].count_documents({}) == 3


def keyring_of(store: Store) -> Keyring:
    """Of one process, which has not seen what the others have made."""
    periods = Reread(lambda: ciphers({"2026-10": b"e" * 32}))
    return Keyring(periods, b"l" * 32, store.durable("data_keys"), "clerk", move_carried=journal_of(store.database).move_all)


def test_another_process_finds_a_data_key_that_is_not_in_its_place_yet(store: Store) -> None:
    sealed: list[bytes] = []

    def seal(unit: Unit) -> None:
        unit.sealer.create_key("case:one")
        sealed.append(unit.sealer.seal("case:one", "cases", "one", "told", b"words"))

    units = committing(store, keyring_of(store))
    units.run(seal)
    assert store.database["data_keys"].count_documents({}) == 0
    assert keyring_of(store).find("case:one") is not None
    other = committing(store, keyring_of(store)).read()
    assert other.sealer.open("case:one", "cases", "one", "told", sealed[0]) == b"words"


@pytest.mark.parametrize("ask", ["scopes", "wrapped", "rewrap"])
def test_who_asks_for_all_data_keys_is_shown_those_that_are_not_in_their_place_yet(store: Store, ask: str) -> None:
    committing(store, keyring_of(store)).run(lambda unit: unit.sealer.create_key("case:one"))
    keyring = keyring_of(store)
    asked = {"scopes": lambda: keyring.scopes("case:"), "wrapped": keyring.wrapped, "rewrap": keyring.rewrap}[ask]()
    assert asked == {"scopes": ["case:one"], "wrapped": {"2026-10": 1}, "rewrap": (0, None)}[ask]
    assert store.database["data_keys"].count_documents({"scope": "case:one"}) == 1


def test_a_data_key_is_destroyed_also_if_it_is_not_in_its_place_yet(store: Store) -> None:
    units = committing(store, keyring_of(store))
    units.run(lambda unit: unit.sealer.create_key("case:one"))
    committing(store, keyring_of(store)).run(lambda unit: unit.destroy_key("case:one"))
    journal_of(store.database).move_all()
    assert store.database["data_keys"].count_documents({}) == 0
    assert keyring_of(store).find("case:one") is None


STUCK: dict[str, Callable[[int], dict[str, Any]]] = {
    "acts of a stranger": lambda n: {**line_of([act(0)], STRANGER), "_id": f"0{n:04d}", "to_move": f"0{n:04d}"},
    "a record for no collection": lambda n: {"_id": f"0{n:04d}", "to_move": f"0{n:04d}", "into": "", "record": {}},
    "a record for the audit": lambda n: {"_id": f"0{n:04d}", "to_move": f"0{n:04d}", "into": "audit_heads", "record": {}},
    "no record": lambda n: {"_id": f"0{n:04d}", "to_move": f"0{n:04d}", "into": "things", "record": None},
    "a place that is taken": lambda n: {"_id": f"0{n:04d}", "to_move": f"0{n:04d}", "into": "things", "record": {"_id": "two"}},
    "an id that is a document": lambda n: {"_id": {"n": n}, "to_move": n, "audit": []},
    "an endless id": lambda n: {"_id": "9" * 5000 + str(n), "to_move": "0", "into": "things", "record": {"_id": {"$bad": n}}},
}


@pytest.mark.parametrize("what", STUCK)
@pytest.mark.parametrize("together", [2, 500])
def test_lines_that_cannot_be_moved_keep_no_other_however_many_they_are(
    store: Store, what: str, together: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal_module, "_TOGETHER", together)
    store.database["things"].insert_one({"_id": "two"})
    store.database[JOURNAL].insert_many([STUCK[what](number) for number in range(5)])
    put_on_record(store, journal_of(store.database), range(7))
    carry(committing(store), "one", "three")
    journal = journal_of(store.database)
    assert journal.oldest_s() >= 0.0
    journal.move_all()
    assert sorted(numbers_of(store)) == list(range(7))
    assert {each["_id"] for each in store.database["things"].find()} == {"one", "two", "three"}
    assert len(journal.refused) == store.database[JOURNAL].count_documents(TO_MOVE) == 5
    assert journal.forged is ("audit" in STUCK[what](0))


def test_what_another_process_has_moved_is_not_held_against_a_line_any_more(store: Store) -> None:
    """This process has not read the new key yet."""
    newer = Keys({**KEYS.by_period, "2026-11": b"n" * 32}, KEYS.since)
    store.database[JOURNAL].insert_one(line_of([act(1)], newer.newest()))
    behind = journal_of(store.database)
    behind.move_all()
    assert behind.forged
    Journal(store.database, AuditTrail(store.database, audit_keys(newer))).move_all()
    behind.look_again()
    assert (behind.forged, behind.refused) == (False, [])


def test_a_data_key_that_cannot_be_moved_is_destroyed_where_it_is(store: Store) -> None:
    """Otherwise the act says that it is gone, and it comes to its place later."""
    keyring = keyring_of(store)
    units = committing(store, keyring)
    units.run(lambda unit: unit.sealer.create_key("case:one"))
    (line,) = store.database[JOURNAL].find(TO_MOVE)
    store.database["data_keys"].create_index("scope", unique=True)
    store.database["data_keys"].insert_one({**line["record"], "_id": b"another" * 2})
    units.run(lambda unit: unit.destroy_key("case:one"))
    assert store.database["data_keys"].count_documents({"scope": "case:one"}) == 0
    assert store.database[JOURNAL].count_documents(TO_MOVE) == 0


def test_those_who_wait_for_a_store_that_is_away_wait_for_one_turn_and_not_for_each_others(store: Store) -> None:
    journal = journal_of(store.database)
    begun, let_go, turns, failed, came = threading.Event(), threading.Event(), [], [], []
    moving = journal._moving

    class Counted:
        """The lock, and how many have come to it."""

        def __enter__(self) -> None:
            came.append(1)
            moving.acquire()

        def __exit__(self, *_: object) -> None:
            moving.release()

    def turn() -> Unavailable:
        turns.append(1)
        begun.set()
        let_go.wait(10)
        return Unavailable("The store does not answer.")

    def read() -> None:
        try:
            journal.move_all()
        except Unavailable as error:
            failed.append(error)

    journal._turn = turn  # type: ignore[method-assign]
    journal._moving = Counted()  # type: ignore[assignment]
    first = threading.Thread(target=read)
    first.start()
    assert begun.wait(10)
    others = [threading.Thread(target=read) for _ in range(8)]
    for each in others:
        each.start()
    eventually(lambda: len(came) == 9, what="all of them to wait")
    let_go.set()
    for each in (first, *others):
        each.join(10)
    assert (len(failed), len(turns)) == (9, 2)


def test_a_store_that_is_too_slow_for_many_lines_is_given_fewer(store: Store) -> None:
    journal = journal_of(store.database)
    put_on_record(store, journal, range(40))
    sizes: list[int] = []
    run = journal._transactions.run

    def slow(work: Callable[[Any], Any]) -> Any:
        sizes.append(journal._together)
        if journal._together > 10:
            raise ExecutionTimeout("too many")
        return run(work)

    journal._transactions.run = slow  # type: ignore[assignment, method-assign]
    for _ in range(6):
        with suppress(Unavailable):
            journal.move_all()
    journal._transactions.run = run  # type: ignore[method-assign]
    journal.move_all()
    assert sorted(numbers_of(store)) == list(range(40))
    assert sizes[:6] == [500, 250, 125, 62, 31, 15]
