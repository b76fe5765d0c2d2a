"""Units committed together: whose time it is, and what several processes on one store do to numbers and chains."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pymongo
import pytest
from pymongo.monitoring import CommandListener, CommandStartedEvent

from ngao.chassis.errors import Conflict
from ngao.chassis.messaging.inbox import Inbox
from ngao.chassis.messaging.outbox import Entry
from ngao.chassis.security.audit import Verified
from ngao.chassis.settings import StoreSettings
from ngao.chassis.storage.audit_trail import AuditTrail
from ngao.chassis.storage.committer import GroupCommitter
from ngao.chassis.storage.connection import JOURNAL, MARKS_OF_BEFORE, Store
from ngao.chassis.storage.unit_of_work import Unit
from ngao.contracts import decode, encode, make
from ngao.kernel.actors import Actor
from ngao.testing.processes import World
from tests.support.auditing import audit_keys, journal_of

NOW = datetime.now(UTC)


class Levels(CommandListener):
    """The read concern of each `find`, by collection."""

    def __init__(self) -> None:
        self.of: dict[str, str | None] = {}

    def started(self, event: CommandStartedEvent) -> None:
        if event.command_name == "find":
            self.of[event.command["find"]] = event.command.get("readConcern", {}).get("level")

    def succeeded(self, event: object) -> None: ...

    def failed(self, event: object) -> None: ...


class Writer:
    """One process's committer; `numbers` are those its events were given."""

    def __init__(self, store: Store) -> None:
        self.numbers: list[int | None] = []
        self._store = store
        self._committer = GroupCommitter(
            store, lambda: NOW, self._said, lease=lambda: ("", NOW + timedelta(seconds=1)),
            encode=encode, journal=journal_of(store.database),
        )  # fmt: skip

    def new_unit(self) -> Unit:
        return Unit(NOW, None, self._store.lookups)  # type: ignore[arg-type]  # nothing is sealed here

    def say(self, *subjects: str) -> list[Exception | None]:
        """Commit one unit for each subject, with an event and an audit entry, in one group."""
        return self._committer.commit([self.saying(subject) for subject in subjects])

    def saying(self, subject: str) -> Unit:
        unit = self.new_unit()
        unit.emit(make("referral.case.closed.v1", subject=subject, data={"case_ref": subject, "reason": "completed"}))
        unit.audit("case.closed", subject=subject, actor=Actor.system("test"))
        return unit

    def commit(self, unit: Unit) -> list[Exception | None]:
        return self.commit_all([unit])

    def commit_all(self, units: list[Unit]) -> list[Exception | None]:
        return self._committer.commit(units)

    def _said(self, entries: list[Entry]) -> None:
        self.numbers += [decode(entry.body).sequence for entry in entries]


@pytest.fixture
def store(world: World) -> Iterator[Store]:
    settings = StoreSettings(world.parts.mongo_hosts, "rs0", world.database("group"), None, None, None, 3000)
    made = Store(settings, alias="group")
    made.ensure_indexes(())
    yield made
    made.close()


def _verified(store: Store) -> bool:
    return isinstance(journal_of(store.database).verify(), Verified)


def _subject() -> str:
    return f"NG-{uuid4().hex[:10].upper()}"


def test_a_leader_whose_own_time_is_over_commits_the_others_all_the_same(store: Store) -> None:
    writer = Writer(store)
    unit = writer.new_unit()
    unit.mark("once")
    with pymongo.timeout(0.01):
        time.sleep(0.02)
        errors = writer.commit(unit)
    assert errors == [None]
    assert store.database[JOURNAL].find_one({"_id": "once"})


def test_events_of_a_subject_are_numbered_without_gaps_over_groups(store: Store) -> None:
    writer, subject = Writer(store), _subject()
    assert writer.say(subject) + writer.say(subject, _subject()) + writer.say(subject, subject) == [None] * 5
    assert store.database["sequences"].find_one({"_id": subject}) == {"_id": subject, "n": 4}
    assert sorted(number for number in writer.numbers if number) == [1001, 1001, 1002, 1003, 1004]
    assert _verified(store)


def test_processes_that_take_turns_number_without_gaps_and_keep_the_chains_whole(store: Store) -> None:
    one, other, subject = Writer(store), Writer(store), _subject()
    errors = [error for _ in range(5) for writer in (one, other) for error in writer.say(subject, _subject())]
    assert errors == [None] * 20
    assert store.database["sequences"].find_one({"_id": subject}) == {"_id": subject, "n": 10}
    assert sorted(n for n in one.numbers + other.numbers if n) == [1001] * 11 + list(range(1002, 1011))
    assert _verified(store)


def test_after_a_group_that_failed_numbers_and_chains_go_on_from_what_is_stored(store: Store) -> None:
    writer, subject = Writer(store), _subject()
    twice, again = writer.saying(subject), writer.saying(subject)
    twice.mark("the same")
    again.mark("the same")
    assert writer.commit(twice) == [None]
    assert [type(error).__name__ for error in writer.commit(again)] == ["Conflict"]
    assert writer.say(subject) == [None]
    assert store.database["sequences"].find_one({"_id": subject}) == {"_id": subject, "n": 2}
    assert _verified(store)


def test_a_head_that_a_failover_may_still_take_back_is_given_to_nobody(world: World) -> None:
    """The entries it is compared with are read with majority, too: a newer head would look as if they were cut off."""
    levels = Levels()
    client = pymongo.MongoClient(f"mongodb://{world.parts.mongo_hosts}/?directConnection=true", event_listeners=[levels])
    AuditTrail(client[world.database("heads")], audit_keys()).heads()
    client.close()
    assert levels.of["audit_heads"] == "majority"


def test_what_an_earlier_version_has_marked_takes_effect_no_second_time(store: Store) -> None:
    """Marks had a collection of their own: each is looked up there as long as one is left."""
    assert not store.has_marks_of_before
    store.database[MARKS_OF_BEFORE].insert_one({"_id": "before", "at": NOW})
    try:
        store.ensure_indexes(())
        unit = (writer := Writer(store)).saying(_subject())
        unit.mark("before")
        assert [type(error) for error in writer.commit(unit)] == [Conflict]
        fresh = writer.new_unit()
        fresh.mark("after")
        assert writer.commit(fresh) == [None]
        assert Inbox(store).seen(["before", "after", "never"]) == {"before", "after"}
    finally:
        store.database[MARKS_OF_BEFORE].drop()
    store.ensure_indexes(())
    assert not store.has_marks_of_before


def _writing(writer: Writer, key: str, revision: int, **fields: object) -> Unit:
    unit = writer.new_unit()
    unit.keep("things", {"_id": key, **fields}, revision)
    return unit


@pytest.mark.parametrize("several", [False, True], ids=["a unit alone", "beside another"])
def test_a_record_is_written_only_over_the_revision_that_was_read(store: Store, *, several: bool) -> None:
    writer = Writer(store)

    def outcome(unit: Unit) -> object:
        others = [_writing(writer, _subject(), 0)] if several else []
        return writer.commit_all([unit, *others])[0]

    def gone(revision: int) -> Unit:
        unit = writer.new_unit()
        unit.drop("things", key, revision)
        return unit

    key = _subject()
    assert outcome(_writing(writer, key, 0, value=1)) is None
    assert isinstance(outcome(_writing(writer, key, 0, value=2)), Conflict)
    assert outcome(_writing(writer, key, 1, value=3)) is None
    assert isinstance(outcome(_writing(writer, key, 1, value=4)), Conflict)
    assert store.database["things"].find_one({"_id": key}) == {"_id": key, "revision": 2, "value": 3}
    assert isinstance(outcome(gone(1)), Conflict)
    assert outcome(gone(2)) is None
    assert store.database["things"].find_one({"_id": key}) is None


def test_a_unit_alone_with_one_record_needs_no_transaction(store: Store) -> None:
    writer, key, things = Writer(store), _subject(), f"{store.database.name}.things"
    new, changed, marked = (_writing(writer, key, revision) for revision in range(3))
    marked.mark(key)
    assert [writer.commit(unit) for unit in (new, changed, marked)] == [[None]] * 3
    oplog = store.client["local"]["oplog.rs"]
    alone = oplog.find({"ns": things, "$or": [{"o._id": key}, {"o2._id": key}]})
    assert [each["op"] for each in alone.sort("ts", 1)] == ["i", "u"]
    together = oplog.find_one({"op": "c", "o.applyOps.o2._id": key})
    assert together is not None
    assert [each["ns"] for each in together["o"]["applyOps"]] == [things, f"{store.database.name}.{JOURNAL}"]


def test_a_record_that_exists_already_holds_no_other_change_of_its_group(store: Store) -> None:
    """The driver would go on with the changes after a refused insert, and learn only that the transaction is over."""
    writer, existing, changed = Writer(store), _subject(), _subject()
    assert writer.commit_all([_writing(writer, existing, 0), _writing(writer, changed, 0)]) == [None, None]
    outcomes = writer.commit_all([_writing(writer, existing, 0), _writing(writer, changed, 1), _writing(writer, _subject(), 0)])
    assert [type(each) for each in outcomes] == [Conflict, type(None), type(None)]
