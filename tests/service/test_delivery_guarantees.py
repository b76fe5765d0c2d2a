"""What DESIGN §7 promises of the consumer and the relay, each shown on a real broker and a real store."""

from __future__ import annotations

import json
import secrets
import signal
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ngao.chassis.messaging.destinations import EVENTS
from ngao.chassis.messaging.outbox import WAITING, entry_of
from ngao.chassis.storage.unit_of_work import Publication
from ngao.contracts import encode, make
from ngao.testing.broker import Line, management_of
from ngao.testing.processes import ServiceProcess, World
from ngao.testing.waiting import eventually
from tests.support.auditing import on_record
from tests.support.told import HEARD, QUEUE, SAID, effects, heard

STORE_OF = "referral"


@pytest.fixture(autouse=True)
def restarted(probe: ServiceProcess) -> None:
    """A test may leave the service dead."""
    if not probe.is_running():
        probe.start()


def parked(store: Any, **filters: Any) -> list[dict[str, Any]]:
    return list(store.parked.find({"state": "parked", **filters}))


def test_a_handled_event_has_its_effect_and_its_follow_up(probe: ServiceProcess, line: Line, store: Any) -> None:
    event = heard("ok")
    line.publish(event)
    eventually(lambda: effects(store, event) == 1, what="the effect")
    eventually(lambda: any(event.subject in body.decode() for _, body in line.take(SAID)), what="the follow-up event")
    eventually(lambda: store.outbox.count_documents(WAITING) == 0, what="the outbox to be empty")
    assert line.count(QUEUE) == 0


def test_the_same_event_ten_times_takes_effect_once(probe: ServiceProcess, line: Line, store: Any) -> None:
    event, last = heard("ok"), heard("ok")
    line.publish(event, times=10)
    line.publish(last)
    eventually(lambda: effects(store, last) == 1, what="the last event to take effect")
    eventually(lambda: line.count(QUEUE) == 0, what="the queue to be empty")
    assert effects(store, event) == 1
    said = [body for _, body in line.take(SAID) if event.subject.encode() in body]
    assert len(said) == 1


def test_what_has_had_its_effect_is_not_refused_when_it_comes_again(
    probe: ServiceProcess, line: Line, store: Any, world: World
) -> None:
    event, last, before = heard("invalid-while:later"), heard("ok"), len(parked(store))
    line.publish(event)
    eventually(lambda: effects(store, event) == 1, what="its effect")
    (world.directory / "later").touch()
    line.publish(event)  # not as a delivery of the broker's that is repeated: nothing but its id says that it was here before
    line.publish(last)
    eventually(lambda: effects(store, last) == 1, what="the last event to take effect")
    eventually(lambda: line.count(QUEUE) == 0, what="the queue to be empty")
    assert len(parked(store)) == before


def test_what_is_known_costs_less_than_what_is_new(probe: ServiceProcess, line: Line, store: Any) -> None:
    """After a restore or a broker's loss the events of days come again, and new reports must not wait for them."""
    events = [heard("ok") for _ in range(300)]
    store.drop_collection("system.profile")
    store.create_collection("system.profile", capped=True, size=64 << 20)

    def handled() -> int:
        last, before = heard("ok"), store["system.profile"].estimated_document_count()
        line.publish_all([*events, last])
        eventually(lambda: line.count(QUEUE) == 0 and effects(store, last) == 1, what="all to be handled")
        return int(store["system.profile"].estimated_document_count()) - before

    store.command("profile", 2, filter={"ns": {"$regex": "effects$"}})  # what the handler asks for, and its effect
    try:
        new, known = handled(), handled()
    finally:
        store.command("profile", 0)
    assert known < new / 2


def test_a_handler_that_raises_loses_nothing_and_parks_after_its_tiers(probe: ServiceProcess, line: Line, store: Any) -> None:
    event = heard("raise:marker-in-the-message")
    line.publish(event)
    found = eventually(lambda: parked(store, reason="handler-error-RuntimeError", attempts=3), what="parking after two tiers")
    assert found[0]["queue"] == QUEUE
    assert effects(store, event) == 0
    assert b"marker-in-the-message" not in probe.log.read_bytes()
    assert b"marker-in-the-message" not in bytes(found[0]["body"])


def test_a_parked_message_is_replayed_once_its_cause_is_mended(
    probe: ServiceProcess, line: Line, store: Any, world: World
) -> None:
    broken = world.directory / "cause"
    broken.touch()
    event = heard("raise-while:cause")
    line.publish(event)
    before = {each["_id"] for each in parked(store)}
    new = eventually(lambda: [each for each in parked(store) if each["_id"] not in before], what="parking")[0]
    broken.unlink()
    status, _ = probe.request("POST", f"/v1/parked/{new['_id']}/replay", {"reason": "cause mended"}, world.operator_key)
    assert status == 204
    eventually(lambda: effects(store, event) == 1, what="the effect of the replay")
    assert store.parked.find_one({"_id": new["_id"]})["state"] == "replayed"
    assert on_record(store).count_documents({"action": "parked.replayed", "subject": new["_id"], "actor": "operator:tester"}) == 1
    again, problem = probe.request("POST", f"/v1/parked/{new['_id']}/replay", {"reason": "once more"}, world.operator_key)
    assert (again, problem["type"].rpartition("/")[2]) == (409, "not-parked")


def test_what_was_dropped_and_comes_again_can_be_replayed(probe: ServiceProcess, line: Line, store: Any, world: World) -> None:
    body = b"no event " + secrets.token_hex(4).encode()
    message_id = secrets.token_hex(8)

    def parked_now() -> list[dict[str, Any]]:
        return [each for each in parked(store) if each["size"] == len(body) and each["times"] == times]

    times = 1
    line.publish_raw(body, f"routine.{HEARD}", message_id=message_id)
    first = eventually(parked_now, what="parking")[0]
    assert probe.request("POST", f"/v1/parked/{first['_id']}/drop", {"reason": "no event"}, world.operator_key)[0] == 204
    assert store.parked.find_one({"_id": first["_id"]})["body"] is None
    times = 2
    line.publish_raw(body, f"routine.{HEARD}", message_id=message_id)
    eventually(parked_now, what="parking again")
    assert probe.request("POST", f"/v1/parked/{first['_id']}/replay", {"reason": "try again"}, world.operator_key)[0] == 204
    times = 3
    eventually(parked_now, what="parking a third time")


def test_a_permanent_error_is_parked_at_once(probe: ServiceProcess, line: Line, store: Any) -> None:
    line.publish(heard("invalid"))
    found = eventually(lambda: parked(store, reason="invalid-input"), what="it to stand parked as invalid input")
    assert found[0]["attempts"] == 1


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"specversion": "1.0", "marker-undecodable', "application/cloudevents+json"),
        (b"\xff\xfe marker-undecodable", "application/cloudevents+json"),
        (b"[" * 5000, "application/cloudevents+json"),
        (b"{}", "application/x-python-serialize"),
        (b'{"specversion":"1.0","id":"1","source":"/x","type":"nobody.knows.this.v1"}', "application/cloudevents+json"),
    ],
    ids=["broken-json", "not-utf-8", "deep-nesting", "refused-content-type", "unknown-type"],
)
def test_what_cannot_be_read_is_parked_and_never_logged(
    probe: ServiceProcess, line: Line, store: Any, body: bytes, content_type: str
) -> None:
    body += secrets.token_hex(4).encode() if body.startswith(b"{}") else b""
    before = {each["_id"] for each in parked(store)}
    line.publish_raw(body, f"routine.{HEARD}", content_type=content_type)
    new = eventually(lambda: [each for each in parked(store) if each["_id"] not in before], what="parking")[0]
    assert new["reason"] in {"undecodable", "unknown-type"}
    assert new["attempts"] == 1
    assert b"marker-undecodable" not in probe.log.read_bytes()
    after = heard("ok")
    line.publish(after)
    eventually(lambda: effects(store, after) == 1, what="the queue to flow on")


def test_an_event_that_breaks_its_schema_is_parked_with_its_fields(probe: ServiceProcess, line: Line, store: Any) -> None:
    event = heard("ok")
    del event.data["message_id"]  # type: ignore[attr-defined]
    line.publish(event)
    found = eventually(lambda: parked(store, reason="invalid-content"), what="it to stand parked as invalid content")
    assert [each["pointer"] for each in found[0]["errors"]] == ["/message_id"]


def test_a_service_killed_between_commit_and_ack_does_the_work_once(probe: ServiceProcess, line: Line, store: Any) -> None:
    event = heard(f"kill-after-commit:{secrets.token_hex(4)}")
    line.publish(event)
    assert probe.wait(20) == -signal.SIGKILL
    assert effects(store, event) == 1
    assert not [body for _, body in line.take(SAID) if event.subject.encode() in body]
    probe.start()
    eventually(lambda: line.count(QUEUE) == 0, what="the queue to be empty")
    # The dead process held the entry under its lease; whoever sweeps after it publishes.
    said = eventually(
        lambda: [body for _, body in line.take(SAID) if event.subject.encode() in body],
        within=45,
        what="the follow-up event",
    )
    assert len(said) == 1
    assert effects(store, event) == 1


def test_sigterm_finishes_the_work_in_hand_and_nothing_is_done_twice(
    probe: ServiceProcess, line: Line, store: Any, world: World
) -> None:
    name = secrets.token_hex(4)
    gate = world.directory / name
    gate.touch()
    inside = world.directory / f"inside-{name}"
    event, behind = heard(f"block-while:{name}"), heard("ok")
    line.publish(event)
    eventually(inside.exists, what="the handler to be running")
    line.publish(behind)
    probe.signal(signal.SIGTERM)
    eventually(lambda: not _accepts(probe), what="the service to stop accepting")
    gate.unlink()
    assert probe.wait(40) == 0
    assert effects(store, event) == 1
    probe.start()
    eventually(lambda: effects(store, behind) == 1, what="the event behind it to take effect")
    eventually(lambda: line.count(QUEUE) == 0, what="the queue to be empty")
    assert effects(store, event) == 1


def _accepts(probe: ServiceProcess) -> bool:
    try:
        return probe.request("GET", "/healthz")[0] == 200
    except OSError:
        return False


def test_a_connection_closed_under_a_running_handler_is_survived(
    probe: ServiceProcess, line: Line, store: Any, world: World
) -> None:
    name = secrets.token_hex(4)
    gate = world.directory / name
    gate.touch()
    event = heard(f"block-while:{name}")
    line.publish(event)
    eventually((world.directory / f"inside-{name}").exists, what="the handler to be running")
    management = management_of(world)
    eventually(lambda: _consumer_connections(management, world), what="the broker to list the connection")
    for each in _consumer_connections(management, world):
        management.delete("connections", each)
    gate.unlink()
    eventually(lambda: effects(store, event) == 1, what="the event to take effect")
    after = heard("ok")
    eventually(probe.is_ready, what="the consumer to be attached again")
    line.publish(after)
    eventually(lambda: effects(store, after) == 1, what="the consumer to hear again")
    assert probe.is_running()
    assert effects(store, event) == 1


def _consumer_connections(management: Any, world: World) -> list[str]:
    listed = management.get("connections") or []
    return [
        each["name"]
        for each in listed
        if each.get("vhost") == world.vhost and "consumer" in each.get("client_properties", {}).get("connection_name", "")
    ]


def test_an_unroutable_event_stays_in_the_outbox_until_there_is_a_queue(
    probe: ServiceProcess, line: Line, store: Any, world: World
) -> None:
    line.unbind(SAID, "events", "routine.referral.case.closed.v1")
    event = heard("ok")
    line.publish(event)
    eventually(lambda: store.outbox.count_documents({"trouble": "unroutable"}) == 1, what="the entry to be marked")
    status, shown = probe.request("GET", "/v1/outbox", key=world.operator_key)
    assert status == 200
    assert shown["troubled"][0]["trouble"] == "unroutable"
    line.bind(SAID, "events", "routine.referral.case.closed.v1")
    said = eventually(
        lambda: [body for _, body in line.take(SAID) if event.subject.encode() in body],
        within=40,
        what="the follow-up event",
    )
    assert len(said) == 1


def test_a_lease_that_a_wrong_clock_wrote_holds_nothing(probe: ServiceProcess, line: Line, store: Any) -> None:
    """A process whose clock was two days ahead died with an event in hand."""
    event = make("referral.case.closed.v1", subject="NG-0000000002", data={"case_ref": "NG-0000000002", "reason": "probe"})
    now = datetime.now(UTC)
    lease = ("another-process", now + timedelta(days=2))
    store.outbox.insert_one(entry_of(Publication(event, EVENTS), 1, None, now, lease, encode=encode).as_document())
    eventually(lambda: any(b"NG-0000000002" in body for _, body in line.take(SAID)), what="the event")
    eventually(lambda: store.outbox.count_documents({"message_id": event.id, **WAITING}) == 0, what="the outbox to be empty")


def test_urgent_events_overtake_routine_ones_that_wait(probe: ServiceProcess, line: Line, store: Any, world: World) -> None:
    name = secrets.token_hex(4)
    gate = world.directory / name
    gate.touch()
    line.publish(heard(f"block-while:{name}"))
    eventually((world.directory / f"inside-{name}").exists, what="the handler to be inside")
    routine = [heard("ok") for _ in range(60)]
    line.publish_all(routine)
    urgent = heard("ok", urgent=True)
    line.publish(urgent)
    gate.unlink()
    eventually(lambda: all(effects(store, event) for event in [*routine, urgent]), what="all effects")
    place = store.effects.find_one({"event": urgent.id})["order"]
    later = store.effects.count_documents({"event": {"$in": [event.id for event in routine]}, "order": {"$gt": place}})
    assert later >= 10, f"only {later} of 60 routine events came after the urgent one"


def test_an_edge_message_keeps_its_sender_through_a_replay(probe: ServiceProcess, store: Any, world: World) -> None:
    edge = Line(world, edge=True)
    edge.publish_raw(b"reject me", "anyone.accept", exchange="partner-replies", user_id=world.user, content_type="text/plain")
    found = eventually(lambda: parked(store, reason="not-wanted"), what="it to stand parked as not wanted")[0]
    assert found["headers"] == {"x-ngao-routing-key": "anyone.accept", "x-ngao-user-id": world.user}


def test_headers_of_ours_are_not_believed_from_outside(probe: ServiceProcess, store: Any, world: World) -> None:
    edge = Line(world, edge=True)
    edge.publish_raw(
        b"take me",
        "someone.accept",
        exchange="partner-replies",
        content_type="text/plain",
        user_id=world.user,
        headers={"x-ngao-user-id": "partner-other", "x-ngao-routing-key": "other.accept"},
    )
    found = eventually(lambda: store.effects.find_one({"case_ref": "someone.accept"}), what="the acceptance to take effect")
    assert found["event"] == world.user


def test_the_audit_of_what_operators_did_verifies_and_a_changed_entry_is_found(
    probe: ServiceProcess, line: Line, store: Any, world: World
) -> None:
    for _ in range(3):
        line.publish_raw(secrets.token_bytes(12), f"routine.{HEARD}")
    for each in eventually(lambda: [each for each in parked(store) if each["size"] == 12][:3], what="parking"):
        assert probe.request("POST", f"/v1/parked/{each['_id']}/drop", {"reason": "not an event"}, world.operator_key)[0] == 204
    whole = probe.request("GET", "/v1/audit/verify", key=world.operator_key)[1]
    assert whole["whole"] is True
    assert whole["entries"] == on_record(store).count_documents({})
    entry = on_record(store).find_one({"action": "parked.dropped"})
    on_record(store).update_one({"_id": entry["_id"]}, {"$set": {"actor": "someone-else"}})
    broken = probe.request("GET", "/v1/audit/verify", key=world.operator_key)[1]
    assert (broken["whole"], broken["chain"], broken["n"]) == (False, entry["chain"], entry["n"])
    on_record(store).update_one({"_id": entry["_id"]}, {"$set": {"actor": entry["actor"]}})


def test_a_dead_letter_names_its_own_queue_and_forged_headers_are_not_believed(
    probe: ServiceProcess, store: Any, world: World
) -> None:
    edge = Line(world, edge=True)
    death = {"queue": "referral.partner-replies", "exchange": "partner-replies", "reason": "delivery_limit", "count": 1}
    edge.publish_raw(
        b"dead " + secrets.token_hex(4).encode(),
        "referral",
        exchange="dead",
        user_id=world.user,
        headers={"x-death": [death], "x-ngao-user-id": "partner-other"},
        content_type="text/plain",
    )
    found = eventually(lambda: parked(store, reason="delivery-limit"), what="it to stand parked at the delivery limit")[0]
    assert found["queue"] == "referral.partner-replies"
    assert found["headers"]["x-ngao-user-id"] == world.user


def test_events_of_one_subject_are_numbered_in_order(probe: ServiceProcess, line: Line, store: Any) -> None:
    subject = f"NG-{secrets.token_hex(5).upper()}"
    events = [heard("ok", subject=subject) for _ in range(5)]
    line.take(SAID)
    line.publish_all(events)
    said: list[bytes] = []

    def all_said() -> bool:
        said.extend(body for _, body in line.take(SAID) if subject.encode() in body)
        return len(said) == 5

    eventually(all_said, what="all five follow-up events")
    assert sorted(json.loads(body)["sequence"] for body in said) == [f"{n:012d}" for n in range(1001, 1006)]
