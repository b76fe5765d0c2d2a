"""What a source does at intake: reports with markers of invented persons, onboarding, posting over AMQP."""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

import pika

from ngao.chassis.security import seals
from ngao.client import SourceClient
from ngao.client.account import from_mapping
from ngao.contracts import CONTENT_TYPE, decode, encode, make
from ngao.testing.broker import Line, management_of
from ngao.testing.processes import ServiceProcess, World
from ngao.testing.waiting import eventually

MARKERS = ("Wanjiku Marker", "254700000123", "marker-person@example.org", "a narrative marker", "codeword-marker")
SUBMITTED = "intake.report.submitted.v1"
SEALED = "intake.report.sealed.v1"
NEWS = ("intake.report.accepted.v1", "intake.report.updated.v1", "intake.report.withdrawn.v1")


def report(**changes: Any) -> dict[str, Any]:
    return {
        "source_event_id": secrets.token_hex(6),
        "occurred_at": "2026-01-05T08:00:00+03:00",
        "reporter": {"role": "self"},
        "subject": {"identity": {"names": [MARKERS[0]], "phones": ["0700 000 123"], "emails": [MARKERS[2]]},
                    "attributes": {"gender": "woman"}},
        "violations": [{"type": "death_threat_to_defender", "ongoing": True, "perpetrators": [{"type": "police"}]}],
        "location": {"scheme": "iso3166-2", "code": "KE-30"},
        "languages": ["sw"],
        "narrative": MARKERS[3],
        "consent": [{"purpose": "referral", "scope": ["contact", "narrative"]}],
        "contact_safety": {"may_contact": True, "channels": ["sms"], "code_word": MARKERS[4]},
        **changes,
    }  # fmt: skip


def anonymous(**changes: Any) -> dict[str, Any]:
    made = report(subject={}, **changes)
    del made["contact_safety"]
    return made


def onboard(intake: ServiceProcess, world: World, source_id: str, **settings: Any) -> str:
    status, shown = intake.request("PUT", f"/v1/sources/{source_id}", settings, world.operator_key)
    assert status == 200, shown
    return str(shown["key"])


def heard(line: Line, name: str, case_ref: str) -> dict[str, Any]:
    """The next event of this case that the registry's queues hold."""
    found: list[Any] = []

    def look() -> bool:
        for queue in (f"registry.{name}.urgent", f"registry.{name}"):
            events = [decode(body) for _, body in line.take(queue)]
            found.extend(event for event in events if event.subject == case_ref)
        return bool(found)

    eventually(look, within=15, what=f"{name} of the case")
    return dict(found[0].data)


def taken(line: Line, reader: str, name: str, case_ref: str) -> bytes:
    """The bytes in which a service gets an event of a case."""
    queues = (f"{reader}.{name}.urgent", f"{reader}.{name}")

    def look() -> list[bytes]:
        bodies = [body for queue in queues for _, body in line.take(queue)]
        return [body for body in bodies if decode(body).subject == case_ref]

    return eventually(look, what=f"{name} for {reader}")[0]


def bound(line: Line, exchange: str, key: str) -> str:
    with line.open() as channel:
        queue = str(channel.queue_declare(f"test.{secrets.token_hex(6)}", durable=True).method.queue)
        channel.queue_bind(queue, exchange, key)
    return queue


class AmqpSource:
    """A source on the edge, with an account of its own."""

    def __init__(self, world: World, name: str) -> None:
        self.id = name
        self._management, self._world = management_of(world), world
        self.account = f"source-{name}"
        self._management.put("users", self.account, body={"password": "invented", "tags": ""})
        body = {"configure": "", "write": "reports", "read": ""}
        self._management.put("permissions", world.edge_vhost, self.account, body=body)
        self._line = Line(world, edge=True)
        self.results = bound(self._line, "results", f"{name}.#")

    def post(self, body: Any, content_type: str = "application/json", routing_key: str | None = None) -> None:
        parts = self._world.parts
        credentials = pika.PlainCredentials(self.account, "invented")
        parameters = pika.ConnectionParameters(parts.amqp_host, parts.amqp_port, self._world.edge_vhost, credentials)
        connection = pika.BlockingConnection(parameters)
        channel = connection.channel()
        channel.confirm_delivery()
        properties = pika.BasicProperties(content_type=content_type, delivery_mode=2, user_id=self.account)
        sent = body if isinstance(body, bytes) else json.dumps(body).encode()
        channel.basic_publish("reports", routing_key or self.id, sent, properties, mandatory=True)
        connection.close()

    def answer(self) -> tuple[str, dict[str, Any]]:
        found = eventually(lambda: self._line.take(self.results), what="an answer to the source")
        event = decode(found[0][1])
        return event.type, dict(event.data)

    def close(self) -> None:
        self._management.delete("users", self.account)


class SealingSource:
    """A source with the client that sources install: one account for HTTP and AMQP, sealing to the key that intake told."""

    def __init__(self, intake: ServiceProcess, world: World, amqp: AmqpSource) -> None:
        self._amqp, parts = amqp, world.parts
        key = onboard(intake, world, amqp.id)
        status, self.seal_to = intake.request("GET", "/v1/sealing-key", None, key)
        assert status == 200, self.seal_to
        self._content = {
            "source_id": amqp.id, "host": parts.amqp_host, "port": parts.amqp_port, "vhost": world.edge_vhost,
            "password": "invented", "http": {"url": f"http://127.0.0.1:{intake.port}", "key": key}, "seal_to": self.seal_to,
        }  # fmt: skip

    def client(self, **changes: Any) -> SourceClient:
        return SourceClient(from_mapping({**self._content, **changes}, "source", base=Path()))

    def publish(self, body: dict[str, Any], **changes: Any) -> str:
        client = self.client(**changes)
        event_id = client.publish(body)
        client.close()
        return event_id

    def post_box(self, content: bytes, **changes: str) -> None:
        data = {"key_id": self.seal_to["key_id"], "box": seals.seal_to(self.seal_to["public_key"], content), **changes}
        event = make(SEALED, subject="", data=data, source=f"/source/{self._amqp.id}")
        self._amqp.post(encode(event), CONTENT_TYPE)
