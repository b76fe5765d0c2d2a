"""Whoever is shown a list or a record leaves an entry, committed before the answer; polling does not fill the chain."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pymongo
import pytest

from ngao.chassis.chassis import Chassis
from ngao.chassis.clock import SystemClock
from ngao.chassis.http.auditing import Lists
from ngao.chassis.security.audit import Verified
from ngao.chassis.settings import load
from ngao.chassis.storage.connection import JOURNAL
from ngao.contracts import SERVICES, subscriptions_of
from ngao.kernel.actors import Actor
from ngao.kernel.scopes import OF_OUTSIDER
from ngao.testing.broker import provision
from ngao.testing.clock import ManualClock
from ngao.testing.processes import ServiceProcess, World
from tests.support.auditing import audit_of, on_record
from tests.support.documents import operations, service_class

pytestmark = pytest.mark.thorough

MINUTE = timedelta(minutes=1)
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
MAIL = '[own.smtp]\nhost = "127.0.0.1"\nport = 2525\nfrom = "desk@example.org"\ntls = "none"'
AMINA, BARAKA = Actor.operator("amina"), Actor.operator("baraka")


@contextmanager
def _running(world: World, name: str) -> Iterator[ServiceProcess]:
    provision(world, {name: subscriptions_of(name)})
    process = ServiceProcess(*world.settings(name, MAIL if name == "notify" else "")).start()
    try:
        yield process
    finally:
        process.stop()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(SystemClock().now())


@contextmanager
def _chassis(world: World, clock: ManualClock, database: str, setting: str = "") -> Iterator[Chassis]:
    settings, _ = world.settings("referral")
    text = settings.read_text().replace(world.database("referral"), database)
    settings.write_text(text.replace("[audit]", f"[audit]\n{setting}"))
    made = Chassis(load(settings), clock)
    made.open([])
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def database(world: World) -> str:
    return f"test_{world.name}_{secrets.token_hex(3)}"


@pytest.fixture
def chassis(world: World, clock: ManualClock, database: str) -> Iterator[Chassis]:
    with _chassis(world, clock, database) as made:
        yield made


def _entries(chassis: Chassis) -> list[dict[str, Any]]:
    return list(audit_of(chassis).find({"subject": "list:cases"}).sort("n", 1))


def _read(chassis: Chassis, count: int = 2, actor: Actor = AMINA, **filters: str) -> None:
    chassis.readings.listed(actor, "cases", filters, count, TRACE)


@pytest.mark.parametrize("name", SERVICES)
def test_every_list_that_a_service_shows_is_on_record(world: World, name: str) -> None:
    lists = [each for each in operations(service_class(name)) if isinstance(each.audit, Lists) and "<" not in each.path]
    listing = [each for each in lists if OF_OUTSIDER not in each.bounded]  # `test_pages_offers.py` reads those as such a person
    with _running(world, name) as service, pymongo.MongoClient[dict[str, Any]](world.parts.mongo) as client:
        stored = client[world.database(name)]
        for declared in listing:
            status, shown = service.request("GET", declared.path, key=world.operator_key)
            assert status == 200, (declared.path, shown)
            of_list = {"action": "list.read", "subject": f"list:{declared.audit.name}", "detail.filters": ""}
            (entry,) = on_record(stored).find(of_list)
            assert entry["actor"] == "operator:tester"
            assert entry["detail"]["count"] == str(len(shown[declared.audit.name]))
            assert len(entry["detail"]["trace"]) == 32
        assert service.request("GET", "/v1/audit/verify", key=world.operator_key)[1]["whole"]


def test_names_of_filters_are_on_record_and_their_values_are_not(world: World) -> None:
    with _running(world, "notify") as service, pymongo.MongoClient[dict[str, Any]](world.parts.mongo) as client:
        assert service.request("GET", "/v1/messages?case_ref=NG-HIDDEN1&state=failed", key=world.operator_key)[0] == 200
        stored = client[world.database("notify")]
        (entry,) = on_record(stored).find({"subject": "list:messages", "detail.filters": "case_ref,state"})
        assert entry["action"] == "list.read"
        assert not any("HIDDEN1" in str(each) for name in ("audit", "audit_reads") for each in stored[name].find())


def test_what_is_refused_or_broken_shows_nothing_and_is_not_on_record(world: World) -> None:
    with _running(world, "referral") as service, pymongo.MongoClient[dict[str, Any]](world.parts.mongo) as client:
        stored = client[world.database("referral")]
        before = on_record(stored).count_documents({"action": "list.read"})
        assert service.request("GET", "/v1/cases?state=lost", key=world.operator_key)[0] in {400, 422}
        assert service.request("GET", "/v1/cases")[0] == 401
        assert on_record(stored).count_documents({"action": "list.read"}) == before


def test_a_list_that_cannot_be_put_on_record_is_not_shown(world: World) -> None:
    with _running(world, "referral") as service, pymongo.MongoClient[dict[str, Any]](world.parts.mongo) as client:
        stored = client[world.database("referral")]
        stored.command("collMod", JOURNAL, validator={"audit": {"$exists": False}}, validationLevel="strict")
        try:
            status, answer = service.request("GET", "/v1/cases?limit=7", key=world.operator_key)
            assert status >= 500
            assert "cases" not in answer
        finally:
            stored.command("collMod", JOURNAL, validator={}, validationLevel="off")


def test_polling_leaves_one_entry_at_once_and_a_true_count_when_the_window_is_over(chassis: Chassis, clock: ManualClock) -> None:
    began = clock.now()
    for count in (2, 5, 3):
        _read(chassis, count, state="open")
        clock.advance(MINUTE)
    chassis.readings.close_windows()
    (first,) = _entries(chassis)
    assert (first["action"], first["actor"], first["detail"]["count"]) == ("list.read", str(AMINA), "2")
    assert first["detail"]["trace"] == TRACE.split("-")[1]
    clock.advance(3 * MINUTE)
    chassis.readings.close_windows()
    chassis.readings.close_windows()
    again = _entries(chassis)[1:]
    assert [each["action"] for each in again] == ["list.read_again"]
    assert again[0]["detail"] == {
        "filters": "state", "times": "2", "most": "5",
        "since": began.isoformat(timespec="milliseconds"), "until": (began + 2 * MINUTE).isoformat(timespec="milliseconds"),
    }  # fmt: skip
    assert chassis.store.database["audit_reads"].count_documents({}) == 0
    assert isinstance(chassis.journal.verify(), Verified)


def test_a_window_that_nobody_closed_is_closed_by_the_next_reading_also_after_a_restart(
    world: World, chassis: Chassis, clock: ManualClock, database: str
) -> None:
    _read(chassis)
    _read(chassis)
    clock.advance(6 * MINUTE)
    with _chassis(world, clock, database) as restarted:
        _read(restarted)
        assert [each["action"] for each in _entries(restarted)] == ["list.read", "list.read_again", "list.read"]
        assert _entries(restarted)[1]["detail"]["times"] == "1"


def test_a_single_reading_leaves_no_count(chassis: Chassis, clock: ManualClock) -> None:
    _read(chassis)
    clock.advance(6 * MINUTE)
    chassis.readings.close_windows()
    assert [each["action"] for each in _entries(chassis)] == ["list.read"]


def test_another_operator_or_another_filter_is_another_entry(chassis: Chassis) -> None:
    _read(chassis)
    _read(chassis, actor=BARAKA)
    _read(chassis, state="open")
    _read(chassis, state="closed")
    assert [(each["actor"], each["detail"]["filters"]) for each in _entries(chassis)] == [
        (str(AMINA), ""), (str(BARAKA), ""), (str(AMINA), "state"), (str(AMINA), "state"),
    ]  # fmt: skip


def test_readings_at_the_same_moment_are_all_counted(chassis: Chassis, clock: ManualClock) -> None:
    with ThreadPoolExecutor(12) as together:
        for reading in [together.submit(_read, chassis) for _ in range(12)]:
            reading.result()
    clock.advance(6 * MINUTE)
    chassis.readings.close_windows()
    assert [each["action"] for each in _entries(chassis)] == ["list.read", "list.read_again"]
    assert _entries(chassis)[1]["detail"]["times"] == "11"


def test_without_a_window_each_reading_is_an_entry(world: World, clock: ManualClock, database: str) -> None:
    with _chassis(world, clock, database, "lists_within_s = 0") as made:
        _read(made)
        _read(made)
        assert [each["action"] for each in _entries(made)] == ["list.read", "list.read"]
        assert made.store.database["audit_reads"].count_documents({}) == 0
