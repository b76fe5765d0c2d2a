"""Nothing that an outsider writes ends or holds a consumer: single cases first, then a fuzz of the wire, on the real broker."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pika
import pytest

from ngao.contracts import decode
from ngao.testing.broker import Line, management_of
from ngao.testing.processes import ServiceProcess, World
from ngao.testing.waiting import eventually
from tests.support.intake import AmqpSource, onboard, report
from tests.support.raw_amqp import Mutations, Wire, long, short, text

STORE_OF = "intake"
WITHIN_S = 2.0
LARGEST = 2 * 1024 * 1024
"""`max_message_size` of the broker."""


class Honest:
    """Another source, with its connections open: posts a report and waits for the receipt."""

    def __init__(self, world: World, source: AmqpSource) -> None:
        parts = world.parts

        def channel(user: str, password: str) -> Any:
            login = pika.PlainCredentials(user, password)
            parameters = pika.ConnectionParameters(parts.amqp_host, parts.amqp_port, world.edge_vhost, login, heartbeat=0)
            return pika.BlockingConnection(parameters).channel()

        self._source = source
        self._posting, self._reading = channel(source.account, "invented"), channel(*parts.account)

    def waits(self, within: float = 10.0) -> float:
        """Post a report; for how many seconds its receipt is waited for."""
        body = report()
        properties = pika.BasicProperties(content_type="application/json", delivery_mode=2, user_id=self._source.account)
        began = time.monotonic()
        self._posting.basic_publish("reports", self._source.id, json.dumps(body).encode(), properties)
        for _, _, content in self._reading.consume(self._source.results, auto_ack=True, inactivity_timeout=within):
            assert content is not None, f"no receipt within {within} s"
            if decode(content).data.get("source_event_id") == body["source_event_id"]:
                return time.monotonic() - began
        raise AssertionError("the results queue is gone")

    def is_answered(self, after: str, again: Callable[[], object] | None = None) -> None:
        """Within two seconds. A machine can stumble: what seemed to hold another is sent `again`, and must not hold it twice."""
        waited = self.waits()
        if waited > WITHIN_S and again:
            again()
            waited = self.waits()
        assert waited <= WITHIN_S, f"after {after} another source waited {waited} s"

    def close(self) -> None:
        for each in (self._posting, self._reading):
            each.connection.close()


@pytest.fixture(scope="module", autouse=True)
def _soon_too_long(world: World) -> None:
    world.held_too_long_s = 2.0


def source(intake: ServiceProcess, world: World, name: str) -> AmqpSource:
    made = AmqpSource(world, f"{name}-{secrets.token_hex(4)}")
    onboard(intake, world, made.id)
    return made


@pytest.fixture(scope="module")
def honest(intake: ServiceProcess, world: World) -> Iterator[Honest]:
    own = source(intake, world, "honest")
    made = Honest(world, own)
    yield made
    made.close()
    own.close()


@dataclass
class Scene:
    """Intake, a source that behaves and one that does not."""

    intake: ServiceProcess
    world: World
    store: Any
    honest: Honest
    evil: AmqpSource
    wire: Wire


@pytest.fixture
def scene(intake: ServiceProcess, world: World, store: Any, honest: Honest) -> Iterator[Scene]:
    evil = source(intake, world, "evil")
    wire = Wire((world.parts.amqp_host, world.parts.amqp_port), evil.account, "invented", world.edge_vhost)
    yield Scene(intake, world, store, honest, evil, wire)
    wire.close()
    evil.close()


def mutations(evil: AmqpSource, seed: int) -> Mutations:
    return Mutations(seed, evil.account, evil.id, lambda: json.dumps(report()).encode())


def parked_of(store: Any, evil: AmqpSource, **more: Any) -> list[dict[str, Any]]:
    return list(store.parked.find({"headers.x-ngao-user-id": evil.account, **more}))


def log(intake: ServiceProcess) -> str:
    return intake.log.read_text()


@pytest.mark.parametrize("name", ["message_id", "content_type", "type", "app_id", "correlation_id", "reply_to", "cluster_id"])
def test_a_property_that_is_no_text_is_parked_and_nobody_waits_for_it(scene: Scene, name: str) -> None:
    assert scene.wire.publish(mutations(scene.evil, 1).sound(**{name: short(b"\xff\xfe\xff")}))
    scene.honest.is_answered(name)
    (found,) = eventually(lambda: parked_of(scene.store, scene.evil), what="it to be parked")
    assert (found["reason"], found["whole"]) == ("unreadable", True)
    assert scene.intake.is_running()
    assert "consumer.stumbled" not in log(scene.intake)


def test_what_was_unreadable_only_in_a_property_can_be_replayed(scene: Scene) -> None:
    raw = mutations(scene.evil, 1).sound(app_id=short(b"\xff"))
    assert scene.wire.publish(raw)
    (found,) = eventually(lambda: parked_of(scene.store, scene.evil), what="it to be parked")
    path = f"/v1/parked/{found['_id']}/replay"
    assert scene.intake.request("POST", path, {"reason": "the words are whole"}, scene.world.operator_key)[0] == 204
    told = json.loads(raw.body)["source_event_id"]
    taken = {"source_id": scene.evil.id, "source_event_id": told}
    eventually(lambda: scene.store.reports.find_one(taken), what="the report to be taken")


def test_a_body_of_any_codec_stays_bytes(scene: Scene) -> None:
    raw = mutations(scene.evil, 1).sound(content_encoding=short(b"unicode_escape"))
    raw.body = b"\\ud800"
    assert scene.wire.publish(raw)
    scene.honest.is_answered("half a surrogate")
    (found,) = eventually(lambda: parked_of(scene.store, scene.evil), what="it to be parked")
    assert (found["reason"], found["size"]) == ("undecodable", 6)
    assert "consumer.stumbled" not in log(scene.intake)


def test_a_large_body_is_answered_and_its_beginning_parked(scene: Scene) -> None:
    raw = mutations(scene.evil, 1).sound()
    raw.body = b'{"narrative": "' + b"x" * 1_500_000
    assert scene.wire.publish(raw)
    scene.honest.is_answered("a large body")
    kind, told = scene.evil.answer()
    assert (kind, told["reason"]) == ("intake.report.rejected.v1", "too-large")
    (found,) = eventually(lambda: parked_of(scene.store, scene.evil), what="it to be parked")
    assert (found["size"], found["whole"]) == (len(raw.body), False)
    assert len(found["body"]) < 70_000
    path, key = f"/v1/parked/{found['_id']}/replay", scene.world.operator_key
    status, problem = scene.intake.request("POST", path, {"reason": "why not"}, key)
    assert (status, problem["type"].rpartition("/")[2]) == (409, "not-whole")


def test_two_messages_never_share_a_record_whoever_counts_from_one(scene: Scene) -> None:
    """Two connectors that count their messages from 1, one of which begins again."""
    other = source(scene.intake, scene.world, "other")
    their = Wire((scene.world.parts.amqp_host, scene.world.parts.amqp_port), other.account, "invented", scene.world.edge_vhost)
    bodies = [b'{"x": 1}', b'{"y": 2}']
    for own, account in ((scene.wire, scene.evil), (their, other)):
        for body in bodies:
            raw = mutations(account, 1).sound(message_id=short(b"1"))
            raw.body = body
            assert own.publish(raw)
    for account in (scene.evil, other):
        eventually(lambda of=account: len(parked_of(scene.store, of)) == 2, what="both to be parked")  # type: ignore[misc]
    for account in (scene.evil, other):
        assert {each["size"] for each in parked_of(scene.store, account)} == {8}
        assert [each["times"] for each in parked_of(scene.store, account)] == [1, 1]
    their.close()
    other.close()


@pytest.fixture
def refusing(store: Any) -> Iterator[Any]:
    """The store refuses some records of parked messages for a while."""

    def refuse(validator: dict[str, Any]) -> None:
        store.command("collMod", "parked", validator=validator)

    yield refuse
    store.command("collMod", "parked", validator={})


def test_what_cannot_be_parked_whole_is_parked_without_its_body(scene: Scene, refusing: Any) -> None:
    refusing({"body": None})
    raw = mutations(scene.evil, 1).sound()
    raw.body = b"no report"
    assert scene.wire.publish(raw)
    scene.honest.is_answered("a body that cannot be stored")
    (found,) = eventually(lambda: parked_of(scene.store, scene.evil), what="it to be parked")
    assert (found["body"], found["size"], found["whole"]) == (None, 9, False)


def test_a_body_is_not_lost_when_what_refused_it_ends_before_it_is_parked_without(scene: Scene, refusing: Any) -> None:
    """The store refuses the first record, takes the one without the body, and refuses nothing any more."""
    refusing({"$or": [{"body": None}, {"times": {"$gte": 2}}]})
    raw = mutations(scene.evil, 1).sound()
    raw.body = b"no report"
    assert scene.wire.publish(raw)
    (found,) = eventually(lambda: parked_of(scene.store, scene.evil, whole=True), what="it to be parked whole")
    assert found["body"] is not None
    path = f"/v1/parked/{found['_id']}/replay"
    assert scene.intake.request("POST", path, {"reason": "by mistake"}, scene.world.operator_key)[0] == 204


def test_what_cannot_be_parked_at_all_becomes_a_dead_letter_until_that_is_mended(scene: Scene, refusing: Any) -> None:
    refusing({"reason": "nothing is parked"})
    raw = mutations(scene.evil, 1).sound()
    raw.body = b"no report"
    assert scene.wire.publish(raw)
    scene.honest.is_answered("a message that cannot be parked")

    def held() -> bool:
        shown = scene.intake.request("GET", "/metrics")[1].decode()
        lines = [each for each in shown.splitlines() if each.startswith('ngao_held_seconds{vhost="edge.dead"}')]
        return any(float(line.split()[-1]) > 0 for line in lines)

    eventually(held, what="the gauge to show a held message")
    scene.honest.is_answered("a held dead letter")
    eventually(lambda: "edge.dead" in _what_is_missing(scene.intake), what="readiness to name where a message is held")
    refusing({})
    (found,) = eventually(lambda: parked_of(scene.store, scene.evil), within=30, what="it to be parked")
    assert (found["reason"], found["queue"]) == ("delivery-limit", "intake.reports")
    assert found["headers"]["x-ngao-routing-key"] == scene.evil.id
    assert Line(scene.world, edge=True).count("intake.dead") == 0
    eventually(lambda: not _what_is_missing(scene.intake), what="intake to be ready again")


def _what_is_missing(intake: ServiceProcess) -> str:
    status, report = intake.request("GET", "/readyz")
    return "" if status == 200 else json.dumps(report)


def test_a_body_larger_than_the_broker_takes_is_refused_and_nobody_waits_for_it(scene: Scene) -> None:
    for size, taken in ((LARGEST - 1, True), (LARGEST + 1, False), (4 * LARGEST, False)):
        raw = mutations(scene.evil, 1).sound()
        raw.body = b"x" * size
        assert scene.wire.publish(raw) is taken
        scene.honest.is_answered(f"a body of {size} bytes")
    parked = partial(parked_of, scene.store, scene.evil)
    eventually(parked, what="the one that the broker took to be parked")
    assert scene.wire.publish(mutations(scene.evil, 1).sound(content_type=short(b"image/png")))
    eventually(lambda: len(parked()) == 2, what="the next one to be parked")
    assert {each["size"] for each in parked()} & {LARGEST + 1, 4 * LARGEST} == set()


def test_a_forged_death_changes_nothing(scene: Scene, refusing: Any) -> None:
    """It dies with an `x-death` of its publisher's, which the broker keeps and counts up; then it is replayed."""
    refusing({"reason": "nothing is parked"})
    victim = source(scene.intake, scene.world, "victim")
    texts = {b"queue": b"intake.reports", b"reason": b"rejected", b"exchange": b"redeliver"}
    death = b"".join(text(name, value) for name, value in texts.items())
    headers = short(b"x-death") + b"A" + long(b"F" + long(death)) + text(b"x-ngao-user-id", victim.account.encode())
    raw = mutations(scene.evil, 1).sound(application_headers=long(headers + text(b"x-ngao-routing-key", victim.id.encode())))
    raw.body = b"dead " + secrets.token_hex(4).encode()
    assert scene.wire.publish(raw)
    eventually(lambda: "message.not_parked" in log(scene.intake), what="it to be refused")
    refusing({})
    parked = partial(parked_of, scene.store, scene.evil, whole=True)
    (found,) = eventually(parked, within=30, what="it to be parked under its own account")
    path = f"/v1/parked/{found['_id']}/replay"
    assert scene.intake.request("POST", path, {"reason": "by mistake"}, scene.world.operator_key)[0] == 204
    eventually(lambda: parked_of(scene.store, scene.evil, state="parked"), what="it to be parked again")
    assert not parked_of(scene.store, victim)
    victim.close()


@pytest.mark.timeout(7200)
@pytest.mark.parametrize(
    "count", [80, pytest.param(250, marks=pytest.mark.thorough), pytest.param(100_000, marks=pytest.mark.long)]
)
def test_another_source_is_answered_after_every_mutation_of_the_wire(scene: Scene, count: int) -> None:
    seed = 1 if count < 1000 else secrets.randbits(32)
    made, taken = mutations(scene.evil, seed), 0
    for number in range(count):
        what, raw = made.next()
        taken += scene.wire.publish(raw)
        scene.honest.is_answered(f"{what} ({number} of seed {seed})", partial(scene.wire.publish, raw))
    assert scene.intake.is_running()
    assert taken > count / 4, f"the broker took only {taken} of {count}: most were not tried on intake"
    edge = Line(scene.world, edge=True)
    eventually(lambda: edge.counts(["intake.reports", "wait.1"]) == 0, within=60, what="everything to be worked off")
    eventually(lambda: not _unacknowledged(scene.world), within=30, what="everything to be settled")
    assert edge.count("intake.dead") == 0
    assert "consumer.stumbled" not in log(scene.intake)


def _unacknowledged(world: World) -> int:
    queues = management_of(world).get("queues", world.edge_vhost)
    return sum(each.get("messages_unacknowledged", 0) for each in queues if each["name"].startswith("intake."))
