"""Backup and restore of one service's real database: one moment of all collections, put back whole or refused."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pymongo import IndexModel

from ngao.chassis.clock import SystemClock
from ngao.chassis.errors import Misconfigured, NotAllowedNow
from ngao.chassis.messaging.outbox import WAITING, Entry
from ngao.chassis.observability.metrics import Metrics
from ngao.chassis.security.audit import Verified
from ngao.chassis.settings import StoreSettings
from ngao.chassis.storage.backups import LATE_AFTER, BackupWatch, mark
from ngao.chassis.storage.committer import GroupCommitter
from ngao.chassis.storage.connection import Store
from ngao.chassis.storage.preflight import require_store
from ngao.chassis.storage.restored import note_restores
from ngao.chassis.storage.unit_of_work import Unit
from ngao.chassis.storage.units import Units
from ngao.contracts import decode, encode, make
from ngao.deployment.backup import sealed_file
from ngao.deployment.backup.restoring import Target
from ngao.deployment.backup.sets import Backup, Sources, take
from ngao.kernel.actors import Actor
from ngao.testing.clock import ManualClock
from ngao.testing.processes import World
from tests.support.auditing import journal_of

PRIVATE = sealed_file.new_key()
PUBLIC = sealed_file.public_of(PRIVATE)
SUBJECT = "NG-0000000001"


def now() -> datetime:
    return datetime.now(UTC)


@contextmanager
def database(world: World, name: str) -> Iterator[Store]:
    settings = StoreSettings(world.parts.mongo_hosts, "rs0", f"test_{world.name}_{name}", None, None, None, 5000)
    store = Store(settings, alias=settings.database)
    store.ensure_indexes(())
    yield store
    store.client.drop_database(settings.database)
    store.close()


@pytest.fixture
def intake(world: World) -> Iterator[Store]:
    with database(world, f"intake{secrets.token_hex(2)}") as store:
        yield store


@pytest.fixture
def other(world: World) -> Iterator[Store]:
    with database(world, f"other{secrets.token_hex(2)}") as store:
        yield store


def settings_of(world: World, store: Store) -> StoreSettings:
    return StoreSettings(world.parts.mongo_hosts, "rs0", store.database.name, None, None, None, 5000)


def units_of(store: Store) -> tuple[Units, list[Entry]]:
    said: list[Entry] = []
    journal = journal_of(store.database)
    committer = GroupCommitter(store, now, said.extend, lease=lambda: ("", now()), encode=encode, journal=journal)
    return Units(SystemClock(), None, store.lookups, committer), said  # type: ignore[arg-type]


def say(unit: Unit, subject: str = SUBJECT) -> None:
    unit.emit(make("intake.report.withdrawn.v1", subject=subject, data={"report_id": "r", "case_ref": subject}))
    unit.audit("report.withdrawn", subject=subject, actor=Actor.operator("tester"))


def back_up(world: World, store: Store, to: Path, at: datetime | None = None) -> Backup:
    folder, _ = take(to, Sources({"intake": settings_of(world, store)}, None), PUBLIC, progress=lambda _: None, now=at or now())
    return Backup.at(folder, PRIVATE)


def restore(backup: Backup, settings: StoreSettings, *, replaced: bool = False, at: datetime | None = None) -> int:
    (part,) = backup.chosen(["intake"])
    target = Target(settings, replaced)
    target.demand_fit()
    backup.verify(part, now=at or now())
    return backup.fill(part, target, progress=lambda _: None, now=at or now())


def contents(store: Store) -> dict[str, list[Any]]:
    names = set(store.database.list_collection_names()) - {"restores", "outbox", "sequences", "audit", "audit_heads"}
    return {name: list(store.database[name].find().sort("_id", 1)) for name in sorted(names)}


def indexes(store: Store) -> dict[str, Any]:
    names = set(store.database.list_collection_names()) - {"restores"}
    return {name: store.database[name].index_information() for name in names}


def test_documents_and_indexes_come_back_as_they_were(world: World, intake: Store, other: Store, tmp_path: Path) -> None:
    reports = intake.database["reports"]
    reports.create_indexes(
        [
            IndexModel([("source", 1), ("event", -1)], unique=True, name="once"),
            IndexModel([("state", 1)], partialFilterExpression={"state": {"$exists": True}}),
            IndexModel([("at", 1)], expireAfterSeconds=3600 * 24 * 365),
        ]
    )
    reports.insert_many([{"_id": n, "source": "s", "event": n, "at": now(), "box": secrets.token_bytes(50)} for n in range(3000)])
    assert restore(back_up(world, intake, tmp_path), settings_of(world, other)) >= 3000
    assert contents(other) == contents(intake)
    assert indexes(other) == indexes(intake)
    require_store(settings_of(world, other))


def test_a_backup_is_of_one_moment_while_the_service_goes_on(world: World, intake: Store, other: Store, tmp_path: Path) -> None:
    """Each transfer takes from one account what it gives to the other, in two collections: the sum is always the same."""
    database = intake.database
    database["a"].insert_many([{"_id": n, "amount": 100} for n in range(200)])
    database["b"].insert_many([{"_id": n, "amount": 0, "filler": "x" * 5000} for n in range(200)])
    stop = threading.Event()

    def transfer() -> None:
        n = 0
        with intake.client.start_session() as session:
            while not stop.is_set():
                with session.start_transaction():
                    database["a"].update_one({"_id": n % 200}, {"$inc": {"amount": -1}}, session=session)
                    database["b"].update_one({"_id": n % 200}, {"$inc": {"amount": 1}}, session=session)
                n += 1

    thread = threading.Thread(target=transfer)
    thread.start()
    try:
        backup = back_up(world, intake, tmp_path)
    finally:
        stop.set()
        thread.join()
    restore(backup, settings_of(world, other))
    total = [sum(each["amount"] for each in other.database[name].find()) for name in ("a", "b")]
    assert sum(total) == 200 * 100
    assert other.database["b"].count_documents({}) == 200


def test_a_store_that_is_not_empty_is_replaced_only_when_told(world: World, intake: Store, other: Store, tmp_path: Path) -> None:
    intake.database["reports"].insert_one({"_id": "from-the-backup"})
    backup = back_up(world, intake, tmp_path)
    other.database["reports"].insert_one({"_id": "here"})
    other.database["later"].insert_one({"_id": "here"})
    with pytest.raises(NotAllowedNow, match=r"is not empty \(it has later\): give --replace"):
        restore(backup, settings_of(world, other))
    assert other.database["reports"].find_one() == {"_id": "here"}
    restore(backup, settings_of(world, other), replaced=True)
    assert list(other.database["reports"].find()) == [{"_id": "from-the-backup"}]
    assert "later" not in other.database.list_collection_names()


def test_a_restore_that_breaks_off_keeps_the_service_from_starting(
    world: World, intake: Store, other: Store, tmp_path: Path
) -> None:
    intake.database["reports"].insert_many([{"_id": n} for n in range(5000)])
    backup, settings = back_up(world, intake, tmp_path), settings_of(world, other)
    (part,) = backup.chosen(["intake"])

    def broken() -> Iterator[Any]:
        for at, each in enumerate(backup._records(part)):
            if at == 4000:
                raise KeyboardInterrupt
            yield each

    with pytest.raises(KeyboardInterrupt):
        Target(settings, replace=False).fill(broken(), part.moment, progress=lambda _: None, now=now())
    with pytest.raises(Misconfigured, match=r"was interrupted: repeat it with `ngao restore --replace`"):
        require_store(settings)
    restore(backup, settings, replaced=True)
    require_store(settings)
    assert other.database["reports"].count_documents({}) == 5000
    assert other.database["restores"].count_documents({"ended_at": None}) == 0


def test_a_backup_is_known_to_the_store_and_one_that_is_missing_is_said(
    world: World, intake: Store, other: Store, tmp_path: Path
) -> None:
    clock = ManualClock(now())
    watch, elsewhere = (BackupWatch("intake", store, Metrics(), clock) for store in (intake, other))
    for each in (watch, elsewhere):
        each.look()
        assert (each.last(), each.problem()) == (None, None), "a new store has a night"
    clock.advance(LATE_AFTER + timedelta(minutes=1))
    assert watch.problem() == "The store of intake has never been backed up: see docs/runbooks/backup-late.md."
    backup = back_up(world, intake, tmp_path)
    watch.look()
    taken = backup.parts["intake"].moment
    assert watch.last() == taken.isoformat()
    assert watch.metrics.backed_up._value.get() == taken.timestamp()
    clock.set(taken + LATE_AFTER)
    assert watch.problem() is None
    clock.advance(timedelta(minutes=1))
    assert "is older than 26 hours" in str(watch.problem())
    restore(backup, settings_of(world, other))
    elsewhere.look()
    assert elsewhere.last() == taken.isoformat(), "what was restored has this backup"


def test_an_earlier_backup_that_ends_later_does_not_make_the_last_one_older(intake: Store) -> None:
    watch = BackupWatch("intake", intake, Metrics(), SystemClock())
    for moment in (now(), now() - timedelta(days=1)):
        mark(intake.database, moment)
        watch.look()
    assert watch.problem() is None


def test_a_backup_is_whole_although_its_store_takes_no_mark(world: World, intake: Store, tmp_path: Path) -> None:
    intake.database["reports"].insert_one({"_id": 1})
    intake.database.command("collMod", "backups", validator={"at": {"$exists": False}})
    said: list[str] = []
    folder, _ = take(tmp_path, Sources({"intake": settings_of(world, intake)}, None), PUBLIC, progress=said.append, now=now())
    assert said[-1].startswith("intake: backed up, but the store does not know it")
    assert intake.database["backups"].find_one({"at": {"$exists": True}}) is None
    backup = Backup.at(folder, PRIVATE)
    backup.verify(backup.parts["intake"], now=now())


def test_another_services_file_and_one_that_was_altered_are_refused_before_anything_is_written(
    world: World, intake: Store, other: Store, tmp_path: Path
) -> None:
    intake.database["reports"].insert_one({"_id": 1})
    backup = back_up(world, intake, tmp_path)
    (part,) = backup.chosen(["intake"])
    with pytest.raises(Misconfigured, match=r"is a backup of intake, and the manifest calls it registry"):
        backup.verify(replace(part, name="registry"), now=now())
    with pytest.raises(Misconfigured, match=r"has no registry; it has intake"):
        backup.chosen(["registry"])
    file = backup.folder / part.file
    whole = file.read_bytes()
    for spoilt in (whole[:-5], whole[:200] + b"\0" + whole[201:]):
        file.write_bytes(spoilt)
        with pytest.raises(Misconfigured, match=r"intake\.backup is not the file that the manifest names"):
            restore(backup, settings_of(world, other))
    assert not [name for name in other.database.list_collection_names() if other.database[name].find_one()]


def test_a_folder_that_is_no_backup_says_so(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"is no backup: manifest\.json cannot be read"):
        Backup.at(tmp_path, PRIVATE)
    (tmp_path / "manifest.json").write_text('{"format": 2, "sealed_to": "0", "parts": [{"name": "x"}]}')
    with pytest.raises(Misconfigured, match=r"its manifest\.json was altered or is damaged"):
        Backup.at(tmp_path, PRIVATE)


def test_a_backup_of_the_version_before_says_how_it_is_restored(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text('{"format": 1, "made_at": "2026-11-01T00:00:00+00:00", "parts": []}')
    with pytest.raises(Misconfigured, match=r"is a backup of format 1, and this .* restore it with the version that made it"):
        Backup.at(tmp_path, PRIVATE)


def test_another_key_is_named_by_its_id(tmp_path: Path) -> None:
    folder, _ = take(tmp_path, Sources({}, {"users": []}), PUBLIC, progress=lambda _: None, now=now())
    assert list(Backup.at(folder, PRIVATE).parts) == ["outsiders"]
    with pytest.raises(Misconfigured, match=r"is sealed to the backup key [0-9a-f]{16}, and the one given is [0-9a-f]{16}\."):
        Backup.at(folder, sealed_file.new_key())


def test_a_backup_that_fails_leaves_nothing_behind(world: World, intake: Store, tmp_path: Path) -> None:
    wrong = replace(settings_of(world, intake), hosts="127.0.0.1:1", timeout_ms=500)
    with pytest.raises(Exception, match="does not answer"):
        take(tmp_path, Sources({"intake": wrong}, None), PUBLIC, progress=lambda _: None, now=now())
    assert list(tmp_path.iterdir()) == []


def test_after_a_restore_events_are_sent_again_and_numbers_never_come_twice(
    world: World, intake: Store, other: Store, tmp_path: Path
) -> None:
    units, said = units_of(intake)
    for _ in range(3):
        units.run(say)
    sent, long_ago = {"$set": {"sent_at": now()}, "$unset": {"lease": "", "leased_until": ""}}, now() - timedelta(days=3)
    events = {"to": {"$exists": True}}
    intake.database["outbox"].update_many(events, sent)
    to_source = {**intake.database["outbox"].find_one(events, {"_id": 0}), "to": "results"}  # type: ignore[dict-item]
    intake.database["outbox"].insert_many([{**to_source, "_id": "old", "sent_at": long_ago}, {**to_source, "_id": "new"}])
    backup = back_up(world, intake, tmp_path)
    for subject in (SUBJECT, SUBJECT, "NG-0000000002"):
        units.run(lambda unit, subject=subject: say(unit, subject))  # type: ignore[misc]
    given_out = {(decode(each.body).subject, decode(each.body).sequence) for each in said}
    assert len(given_out) == 6

    restore(backup, settings_of(world, other))
    waiting = {each["_id"] for each in other.database["outbox"].find(WAITING)}
    assert waiting == {said[0].id, said[1].id, said[2].id, "new"}
    again, anew = units_of(other)
    for subject in (SUBJECT, SUBJECT, "NG-0000000002"):
        again.run(lambda unit, subject=subject: say(unit, subject))  # type: ignore[misc]
    numbers = [(decode(each.body).subject, decode(each.body).sequence or 0) for each in anew]
    assert not given_out & set(numbers)
    assert min(number for _, number in numbers) > max(number or 0 for _, number in given_out)
    assert numbers[0][1] + 1 == numbers[1][1]


def test_a_second_restore_of_the_same_backup_gives_out_no_number_of_the_first(
    world: World, intake: Store, other: Store, tmp_path: Path
) -> None:
    units, _ = units_of(intake)
    units.run(say)
    backup = back_up(world, intake, tmp_path)
    given_out: set[int] = set()
    for at in (now(), now() + timedelta(seconds=1), now() + timedelta(days=4000)):
        restore(backup, settings_of(world, other), replaced=True, at=at)
        again, said = units_of(other)
        for _ in range(50):
            again.run(say)
        numbers = {decode(each.body).sequence or 0 for each in said}
        assert not given_out & numbers
        assert len(numbers) == 50
        given_out |= numbers


def test_the_audit_trail_is_whole_and_the_next_start_puts_the_restore_on_record(
    world: World, intake: Store, other: Store, tmp_path: Path
) -> None:
    units, _ = units_of(intake)
    for number in range(20):
        units.run(lambda unit, at=number: say(unit, f"NG-{at:010d}"))  # type: ignore[misc]
    backup = back_up(world, intake, tmp_path)
    restore(backup, settings_of(world, other))
    again, _ = units_of(other)
    for _ in range(2):
        note_restores(other, again, Actor.service("intake"))
    again.run(say)
    found = journal_of(other.database).verify()
    assert isinstance(found, Verified)
    assert found.entries == 22
    told = other.database["audit"].find_one({"action": "store.restored"})
    assert told is not None
    assert told["detail"]["backup_taken_at"] == backup.parts["intake"].taken


def test_a_backup_from_the_future_is_refused(world: World, intake: Store, other: Store, tmp_path: Path) -> None:
    backup = back_up(world, intake, tmp_path)
    with pytest.raises(Misconfigured, match="taken in the future"):
        restore(backup, settings_of(world, other), at=now() - timedelta(hours=1))
