"""A chain that is cut off or written anew is found: by its own service, and by the others that hold its heads."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ngao.chassis.chassis import Chassis
from ngao.chassis.clock import SystemClock
from ngao.chassis.security.audit import Head, Record, extend
from ngao.chassis.settings import load
from ngao.chassis.storage import held_heads
from ngao.chassis.storage.audit_trail import AuditTrail
from ngao.chassis.storage.committer import GroupCommitter
from ngao.chassis.storage.journal import Journal
from ngao.chassis.storage.units import Units
from ngao.contracts import Event, InvalidContent, decode, encode, event_of, noted_by, noted_chains, open_event, subscriptions_of
from ngao.deployment.naming import SERVICES
from ngao.kernel.actors import Actor
from ngao.testing.broker import provision
from ngao.testing.clock import ManualClock
from ngao.testing.processes import ServiceProcess, World
from ngao.testing.waiting import eventually
from tests.support.auditing import audit_of

PUBLISHED = "referral.audit.noted.v1"
HOUR = timedelta(hours=1)


@contextmanager
def opened(world: World, service: str, database: str, clock: ManualClock) -> Iterator[Chassis]:
    """A service's chassis on a database of its own, without a broker: it can receive nothing."""
    settings, _ = world.settings(service)
    settings.write_text(settings.read_text().replace(world.database(service), database))
    made = Chassis(load(settings), clock)
    made.open([])
    made.audit_watch.ready = lambda: False
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(SystemClock().now())


@pytest.fixture
def name(world: World) -> str:
    return f"test_{world.name}_{secrets.token_hex(3)}"


@pytest.fixture
def referral(world: World, name: str, clock: ManualClock) -> Iterator[Chassis]:
    with opened(world, "referral", name, clock) as made:
        yield made


@pytest.fixture
def registry(world: World, name: str, clock: ManualClock) -> Iterator[Chassis]:
    with opened(world, "registry", f"{name}_holder", clock) as made:
        yield made


def act(chassis: Chassis, times: int = 3, subject: str = "NG-1") -> None:
    for _ in range(times):
        chassis.units.run(lambda unit: unit.audit("case.read", subject=subject, actor=Actor.operator("amina")))


def publish(chassis: Chassis, clock: ManualClock) -> Event:
    """What the service publishes an hour later."""
    clock.advance(HOUR)
    chassis.units.run(chassis.audit_watch.publish_due)
    (last,) = chassis.store.database["outbox"].find({"routing_key": f"routine.{PUBLISHED}"}).sort("created_at", -1).limit(1)
    return decode(last["body"])


def hold(chassis: Chassis, event: Event) -> None:
    chassis.units.run(lambda unit: held_heads.hold_heads(unit, event, chassis.name))
    chassis.audit_watch.turn()


def audited(chassis: Chassis, action: str = "audit.head_moved") -> list[dict[str, Any]]:
    return list(audit_of(chassis).find({"action": action}))


def named(heads: list[dict[str, Any]]) -> set[tuple[int, int, str]]:
    return {(each["chain"], each["n"], each["hash"]) for each in heads}


def beside(chassis: Chassis) -> Chassis:
    """Another process of the same service: it shares the store, and remembers for itself."""
    journal = Journal(chassis.store.database, AuditTrail(chassis.store.database, chassis.journal.trail.keys))
    committer = GroupCommitter(
        chassis.store, chassis.clock.now, lambda _: None,
        lease=lambda: ("", chassis.clock.now()), encode=encode, journal=journal,
    )
    units = Units(chassis.clock, chassis.keyring, chassis.store.lookups, committer)
    other = copy(chassis)
    other.units, other.audit_watch = units, replace(chassis.audit_watch, units=units, journal=journal)
    return other


def cut_off(chassis: Chassis, left: int) -> None:
    """Leave only the first entries of the one chain, with the head that it had then."""
    database = chassis.store.database
    chain = audit_of(chassis).find_one({"action": "case.read"})["chain"]
    database["audit"].delete_many({"chain": chain, "n": {"$gt": left}})
    last = database["audit"].find_one({"chain": chain, "n": left})
    database["audit_heads"].delete_one({"_id": chain})
    if last:
        head = {"_id": chain, "n": left, "hash": last["hash"], "key": last["key"]}
        database["audit_heads"].insert_one(head)


def test_heads_that_go_on_are_held_and_are_no_alarm(referral: Chassis, registry: Chassis, clock: ManualClock) -> None:
    for _ in range(15):
        act(referral)
        hold(registry, publish(referral, clock))
    (held,) = held_heads.held(registry.store)
    assert (held["of"], held["n"], held["moved"]) == ("referral", 45, False)
    assert registry.audit_watch.problem() is None
    assert not audited(registry)


def test_true_heads_dated_ahead_hide_no_cut(referral: Chassis, registry: Chassis, clock: ManualClock) -> None:
    act(referral)
    hold(registry, replace(publish(referral, clock), time=datetime(8999, 1, 1, tzinfo=UTC)))
    assert registry.audit_watch.problem() is None
    cut_off(referral, 1)
    hold(registry, publish(referral, clock))
    assert len(audited(registry)) == 1


def test_a_holder_that_was_made_deaf_before_hears_again(referral: Chassis, registry: Chassis, clock: ManualClock) -> None:
    act(referral)
    hold(registry, publish(referral, clock))
    registry.store.database[held_heads.HELD].update_one({}, {"$set": {"at": datetime(8999, 1, 1, tzinfo=UTC)}})
    cut_off(referral, 1)
    hold(registry, publish(referral, clock))
    assert len(audited(registry)) == 1


@pytest.mark.parametrize(("left", "more"), [(0, 0), (0, 9), (2, 0), (2, 9)])
def test_a_chain_cut_off_while_the_service_was_down_is_found_by_a_holder(
    world: World, referral: Chassis, registry: Chassis, left: int, more: int
) -> None:
    clock, name = referral.clock, referral.store.database.name
    assert isinstance(clock, ManualClock)
    act(referral)
    hold(registry, publish(referral, clock))
    cut_off(referral, left)
    with opened(world, "referral", name, clock) as restarted:
        act(restarted, more)
        for _ in range(2):
            hold(registry, publish(restarted, clock))
        (held,) = [each for each in held_heads.held(registry.store) if each["moved"]]
        assert (held["of"], held["n"]) == ("referral", 3), "what was held is kept"
        assert "referral" in (registry.audit_watch.problem() or "")
        assert b'ngao_audit_heads_moved{of="referral"} 1.0' in registry.metrics.render()
        assert [each["subject"] for each in audited(registry)] == ["referral"], "once"
        accepted = {"by": Actor.operator("amina"), "reason": "put back"}
        registry.units.run(lambda unit: held_heads.accept(unit, "referral", **accepted))
        hold(registry, publish(restarted, clock))
        assert registry.audit_watch.problem() is None
        assert audited(registry, "audit.heads_accepted")[0]["actor"] == "operator:amina"


def test_an_event_that_comes_late_is_no_alarm(referral: Chassis, registry: Chassis, clock: ManualClock) -> None:
    act(referral)
    first = publish(referral, clock)
    act(referral)
    hold(registry, publish(referral, clock))
    hold(registry, first)
    assert registry.audit_watch.problem() is None
    assert held_heads.held(registry.store)[0]["n"] == 6


def test_heads_are_published_once_an_hour_whoever_comes_first(referral: Chassis, clock: ManualClock) -> None:
    act(referral)
    second = beside(referral)
    clock.advance(HOUR)
    for each in (referral, second, referral):
        each.units.run(each.audit_watch.publish_due)
    assert referral.store.database["outbox"].count_documents({"routing_key": f"routine.{PUBLISHED}"}) == 1


def test_a_chain_cut_off_under_a_running_service_is_found_by_itself_and_put_on_record(referral: Chassis) -> None:
    act(referral)
    referral.audit_watch.turn()
    assert referral.audit_watch.problem() is None
    cut_off(referral, 1)
    for _ in range(3):
        referral.audit_watch.turn()
    assert "referral" in (referral.audit_watch.problem() or "")
    assert len(audited(referral)) == 1


def test_a_chain_written_anew_is_found_by_a_service_that_has_just_started(
    world: World, referral: Chassis, name: str, clock: ManualClock
) -> None:
    act(referral)
    database = referral.store.database
    (chain,) = {each["chain"] for each in audit_of(referral).find()}
    entries, head = extend(Head.first(chain), [Record("case.read", "NG-1", "operator:nobody", clock.now())], None)
    database["audit"].delete_many({})
    database["audit"].insert_many(entries)
    database["audit_heads"].replace_one({"_id": chain}, {"_id": chain, "n": head.n, "hash": head.hash})
    with opened(world, "referral", name, clock) as restarted:
        restarted.audit_watch.turn()
        assert "referral" in (restarted.audit_watch.problem() or "")


def test_two_processes_of_a_service_are_no_alarm_to_one_another(referral: Chassis) -> None:
    second = beside(referral)
    for _ in range(4):
        for each in (referral, second):
            act(each, 2)
            each.audit_watch.turn()
    assert referral.audit_watch.problem() is second.audit_watch.problem() is None
    assert next(iter(referral.journal.heads().values())).n == 16


def test_a_running_service_holds_what_another_publishes(world: World) -> None:
    provision(world, {each: subscriptions_of(each) for each in SERVICES})
    running = []
    try:
        for service in ("registry", "referral"):
            settings, port = world.settings(service)
            settings.write_text(settings.read_text().replace("[audit]", "[audit]\nlook_every_s = 0.5\nheads_every_s = 1"))
            running.append(ServiceProcess(settings, port).start())
        holder, publisher = running
        order = {"since": "2026-11-01T08:00:00Z", "reason": "as the incident asks"}
        assert publisher.request("POST", "/v1/outbox/replay", order, world.operator_key)[0] == 200

        def held() -> list[dict[str, Any]]:
            return list(holder.request("GET", "/v1/audit/held", key=world.operator_key)[1]["held"])

        assert eventually(lambda: any(each["of"] == "referral" for each in held()), within=60, what="heads of referral")
        assert not any(each["moved"] for each in held())
        heads = publisher.request("GET", "/v1/audit/heads", key=world.operator_key)[1]["heads"]
        assert named(held()) <= named(heads)
    finally:
        for process in running:
            process.stop()


def late(chassis: Chassis, *, ready: bool = True) -> str:
    """What readiness warns of after a look."""
    chassis.audit_watch.ready = lambda: ready
    chassis.audit_watch.turn()
    return chassis.audit_watch.problem() or ""


def test_a_service_whose_heads_stop_coming_is_an_alarm_until_they_come_again(
    referral: Chassis, registry: Chassis, clock: ManualClock
) -> None:
    act(referral)
    hold(registry, publish(referral, clock))
    clock.advance(HOUR * 3)
    assert "referral" not in late(registry)
    clock.advance(HOUR)
    assert "referral" in late(registry)
    assert b'ngao_audit_heads_late_seconds{of="referral"} 3600.0' in registry.metrics.render()
    hold(registry, publish(referral, clock))
    assert "referral" not in late(registry)
    assert b'ngao_audit_heads_late_seconds{of="referral"} 0.0' in registry.metrics.render()


def test_a_service_that_has_never_published_is_an_alarm_too_and_notify_waits_for_nobody(
    world: World, registry: Chassis, clock: ManualClock, name: str
) -> None:
    clock.advance(HOUR * 4)
    assert {"intake", "referral", "notify"} <= set(late(registry).replace(",", "").replace(":", "").split())
    with opened(world, "notify", f"{name}_notify", clock) as notify:
        clock.advance(HOUR * 9)
        assert not late(notify)


def test_whoever_has_just_started_waits_its_time_before_it_misses_anything(
    world: World, referral: Chassis, registry: Chassis, clock: ManualClock
) -> None:
    hold(registry, publish(referral, clock))
    clock.advance(HOUR * 24)
    with opened(world, "registry", registry.store.database.name, clock) as restarted:
        assert not late(restarted)
        clock.advance(HOUR * 4)
        assert "referral" in late(restarted)


def test_while_a_holder_can_receive_nothing_it_misses_nothing(referral: Chassis, registry: Chassis, clock: ManualClock) -> None:
    hold(registry, publish(referral, clock))
    for _ in range(5):
        clock.advance(HOUR)
        assert not late(registry, ready=False)
    clock.advance(HOUR * 2)
    assert not late(registry)
    clock.advance(HOUR * 2)
    assert "referral" in late(registry)


def test_what_is_published_has_one_type_for_both_sides(referral: Chassis, clock: ManualClock) -> None:
    act(referral)
    publish(referral, clock)
    act(referral)
    event = publish(referral, clock)
    (chain,) = noted_chains(event).values()
    assert (chain.n, [each.n for each in chain.passed]) == (6, [3])
    assert event_of(noted_by("referral")(chains=(chain,)), subject="audit").data == event.data
    broken = replace(event, data={"chains": [{**event.data["chains"][0], "hash": "x"}]})
    with pytest.raises(InvalidContent):
        open_event(broken)
