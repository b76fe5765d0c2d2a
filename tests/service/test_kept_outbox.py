"""What was sent is kept and can be sent again: a queue that lost its messages gets them, and nothing takes effect twice."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pymongo import IndexModel

from ngao.chassis.messaging.destinations import EVENTS
from ngao.chassis.messaging.outbox import WAITING, Entry, entry_of
from ngao.chassis.settings import StoreSettings
from ngao.chassis.storage.connection import OUTBOX_DAYS, Store
from ngao.chassis.storage.unit_of_work import Publication
from ngao.contracts import Event, encode
from ngao.testing.broker import Line
from ngao.testing.processes import ServiceProcess, World
from ngao.testing.waiting import eventually
from tests.support.auditing import on_record
from tests.support.told import HEARD, OWN_QUEUE, QUEUE, SAID, effects, heard, own

STORE_OF = "referral"

REASON = "the broker lost its disk"


def replay(probe: ServiceProcess, world: World, since: datetime, **further: str) -> dict[str, Any]:
    order = {"since": since.isoformat(), "reason": REASON, **further}
    status, answer = probe.request("POST", "/v1/outbox/replay", order, world.operator_key)
    assert status == 200, answer
    return dict(answer)


def entry(event: Event, lease: str = "", until: datetime | None = None, world: World | None = None) -> dict[str, Any]:
    now, written = datetime.now(UTC), world.signed if world else encode
    return entry_of(Publication(event, EVENTS), 1, None, now, (lease, until or now), encode=written).as_document()


def quiet(store: Any) -> None:
    eventually(lambda: store.outbox.count_documents(WAITING) == 0, what="the outbox to be empty")


def ids_in(line: Line, queue: str) -> set[str]:
    return {properties.message_id for properties, _ in line.take(queue)}


def test_a_queue_that_lost_its_messages_gets_them_again_with_the_same_ids(
    probe: ServiceProcess, line: Line, store: Any, world: World
) -> None:
    quiet(store)
    ids_in(line, SAID)
    began = datetime.now(UTC)
    events = [heard("ok") for _ in range(20)]
    line.publish_all(events)
    eventually(lambda: all(effects(store, event) for event in events), what="all effects")
    quiet(store)
    lost = ids_in(line, SAID)
    assert len(lost) == 20
    assert replay(probe, world, began)["replayed"] == 20
    again: set[str] = set()
    eventually(lambda: again.update(ids_in(line, SAID)) or again == lost, what="the same events again")
    by_tester = {"action": "outbox.replayed", "actor": "operator:tester", "detail.since": began.isoformat()}
    audited = on_record(store).find_one(by_tester)
    assert audited is not None
    assert audited["detail"]["reason"] == REASON


def test_a_consumer_takes_what_its_wiped_queue_lost_and_nothing_twice(
    probe: ServiceProcess, line: Line, store: Any, world: World
) -> None:
    """The probe hears its own outbox: some are handled, some are wiped before it comes to them, then all come again."""
    began = datetime.now(UTC)
    first = [own("ok") for _ in range(10)]
    store.outbox.insert_many([entry(event, world=world) for event in first])
    eventually(lambda: all(effects(store, event) == 1 for event in first), what="the first effects")
    name = secrets.token_hex(4)
    gate = world.directory / name
    gate.touch()
    line.publish(heard(f"block-while:{name}"))
    eventually((world.directory / f"inside-{name}").exists, what="the handler to be busy")
    lost = [own("ok") for _ in range(200)]
    store.outbox.insert_many([entry(event, world=world) for event in lost])
    quiet(store)
    wiped = ids_in(line, OWN_QUEUE)
    assert wiped, "all of them were with the consumer already"
    gate.unlink()
    eventually(lambda: sum(effects(store, event) for event in lost) == len(lost) - len(wiped), what="what was not lost")
    assert replay(probe, world, began, to=EVENTS)["replayed"] >= len(first) + len(lost)
    eventually(lambda: all(effects(store, event) for event in lost), what="what was lost")
    eventually(lambda: line.count(OWN_QUEUE) == 0, what="the queue to be empty")
    assert [effects(store, event) for event in [*first, *lost]] == [1] * (len(first) + len(lost))


def test_what_was_sent_before_or_after_the_asked_time_is_left(probe: ServiceProcess, world: World, store: Any) -> None:
    event = own("ok")
    store.outbox.insert_one(entry(event))
    eventually(lambda: store.outbox.find_one({"message_id": event.id, "sent_at": {"$exists": True}}), what="it to be sent")
    now = datetime.now(UTC)
    assert replay(probe, world, now + timedelta(hours=1))["replayed"] == 0
    assert replay(probe, world, now - timedelta(days=3), before=(now - timedelta(days=2)).isoformat())["replayed"] == 0
    assert replay(probe, world, now - timedelta(hours=1), to="partners")["replayed"] == 0


@pytest.mark.parametrize(
    ("order", "pointer"),
    [
        ({"reason": REASON}, "/since"),
        ({"since": "yesterday", "reason": REASON}, "/since"),
        ({"since": "2026-03-01T08:00:00", "reason": REASON}, "/since"),
        ({"since": "2026-03-01T08:00:00Z"}, "/reason"),
        ({"since": "2026-03-01T08:00:00Z", "reason": REASON, "to": "redeliver"}, "/to"),
        ({"since": "2026-03-01T08:00:00Z", "reason": REASON, "until": "now"}, "/until"),
    ],
)
def test_an_order_that_breaks_its_schema_names_the_field(
    probe: ServiceProcess, world: World, order: dict[str, str], pointer: str
) -> None:
    status, problem = probe.request("POST", "/v1/outbox/replay", order, world.operator_key)
    assert (status, [each["pointer"] for each in problem["errors"]]) == (422, [pointer])


def test_a_replay_needs_an_operators_key(probe: ServiceProcess) -> None:
    assert probe.request("POST", "/v1/outbox/replay", {"since": "2026-03-01T08:00:00Z", "reason": REASON})[0] == 401


def test_a_parked_message_that_was_replayed_is_not_kept(probe: ServiceProcess, line: Line, store: Any, world: World) -> None:
    """Its bytes are as they came, perhaps in clear: once sent they are gone from the outbox."""
    line.publish_raw(b"{ broken", f"routine.{HEARD}")
    found = eventually(lambda: store.parked.find_one({"state": "parked", "queue": QUEUE}), what="parking")
    assert probe.request("POST", f"/v1/parked/{found['_id']}/replay", {"reason": "again"}, world.operator_key)[0] == 204
    eventually(lambda: store.parked.find_one({"_id": found["_id"], "times": 2}), what="it to be parked again")
    eventually(lambda: store.outbox.count_documents({"to": "redeliver"}) == 0, what="its bytes to be gone")


def test_kept_entries_are_in_no_index_that_is_used_all_the_time(world: World) -> None:
    name = f"{world.database('referral')}_kept"
    settings = StoreSettings(world.parts.mongo_hosts, "rs0", name, "", "", None, 5000)
    own = Store(settings, alias=name)
    own.ensure_indexes(())
    outbox = own.database["outbox"]
    try:
        waiting = [entry(heard("ok")) for _ in range(3)]
        kept = [{**entry(heard("ok")), "sent_at": datetime.now(UTC)} for _ in range(300)]
        outbox.insert_many([*waiting, *({key: value for key, value in each.items() if "lease" not in key} for each in kept)])
        sizes = own.database.command("validate", "outbox", full=True)["keysPerIndex"]
        by_index = dict.fromkeys(("waiting_in_order", "waiting_by_holder", "waiting_by_age"), 3)
        assert sizes == {"_id_": 303, **by_index, "in_trouble": 0, "sent": 300, "marks": 0, "to_move": 0}
        now, far = datetime.now(UTC), datetime(2100, 1, 1, tzinfo=UTC)
        free = {"$or": [{"leased_until": {"$lte": now}}, {"leased_until": {"$gt": far}}]}
        for filters in (free, WAITING, {"lease": "", **WAITING}):
            stats = outbox.find(filters).explain()["executionStats"]
            assert stats["totalDocsExamined"] == 3
        assert Entry.from_document(outbox.find_one({"_id": waiting[0]["_id"]}) or {}).id == waiting[0]["_id"]
        assert outbox.index_information()["sent"]["expireAfterSeconds"] == OUTBOX_DAYS * 86400
    finally:
        own.client.drop_database(name)
        own.close()


def test_indexes_of_an_earlier_version_are_replaced(world: World) -> None:
    name = f"{world.database('referral')}_old"
    own = Store(StoreSettings(world.parts.mongo_hosts, "rs0", name, "", "", None, 5000), alias=name)
    try:
        earlier = [("leased_until", 1), ("priority", 1), ("created_at", 1)]
        own.database["outbox"].create_indexes([IndexModel(earlier), IndexModel([("lease", 1)]), IndexModel([("created_at", 1)])])
        own.ensure_indexes(())
        own.ensure_indexes(())
        there = set(own.database["outbox"].index_information())
        waiting = {"waiting_in_order", "waiting_by_holder", "waiting_by_age"}
        assert there == {"_id_", *waiting, "in_trouble", "sent", "marks", "to_move"}
    finally:
        own.client.drop_database(name)
        own.close()
