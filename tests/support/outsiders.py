"""Outsiders at the edge of a real broker, with the accounts that onboarding really makes."""

from __future__ import annotations

import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pika

from ngao.broker import layout, onboarding
from ngao.broker.lanes import unclaimed_steps
from ngao.broker.management import Management
from ngao.broker.provisioning import topology_steps
from ngao.client import PartnerClient
from ngao.contracts import CONTENT_TYPE, Event, decode, encode, make


def broker_addresses() -> tuple[Any, Any]:
    """The test broker's AMQP and management addresses, parsed."""
    amqp = os.environ.get("NGAO_TEST_AMQP", "amqp://guest:guest@127.0.0.1:5690")
    management = os.environ.get("NGAO_TEST_MANAGEMENT", "http://guest:guest@127.0.0.1:15690")
    return urlsplit(amqp), urlsplit(management)


@dataclass
class Platform:
    """The edge as the services see it: publishes to outsiders and reads what they say."""

    management: Management
    edge: onboarding.Edge
    parameters: pika.ConnectionParameters
    folder: Path

    def account(self, kind: str, outsider_id: str) -> Path:
        """Onboard someone and write the account as the operator's command does."""
        made = onboarding.onboard(self.management, self.edge, kind, outsider_id)
        folder = self.folder / outsider_id
        folder.mkdir()
        (folder / "account.json").write_text(json.dumps(made.as_dict(password_file="broker.secret")))
        (folder / "broker.secret").touch(mode=0o600)
        (folder / "broker.secret").write_text(made.password)
        return folder / "account.json"

    @contextmanager
    def channel(self) -> Iterator[Any]:
        connection = pika.BlockingConnection(self.parameters)
        channel = connection.channel()
        channel.confirm_delivery()
        yield channel
        connection.close()

    def say(self, *events: Event, raw: bytes | None = None) -> None:
        """Publish events to their partner as the relay would."""
        with self.channel() as channel:
            for event in events:
                properties = pika.BasicProperties(content_type=CONTENT_TYPE, delivery_mode=2, message_id=event.id)
                body = encode(event) if raw is None else raw
                channel.basic_publish("partners", f"{event.partnerid}.{event.routing_key}", body, properties, mandatory=True)

    def heard(self, queue: str = "referral.partner-replies") -> list[Event]:
        """All that stands in a queue now, removed."""
        found = []
        with self.channel() as channel:
            while (got := channel.basic_get(queue, auto_ack=True))[0]:
                found.append(decode(got[2]))
        return found

    def counts(self, account: Path) -> list[int]:
        """Ready messages in an outsider's queues."""
        with self.channel() as channel:
            names = json.loads(account.read_text())["queues"].values()
            return [channel.queue_declare(name, passive=True).method.message_count for name in names]

    def connections(self, username: str) -> list[str]:
        """The broker's own names of an account's open connections; they are listed some seconds after they opened."""
        return [each["name"] for each in self.management.get("connections") if each.get("user") == username]

    def cut(self, username: str) -> int:
        """Close an account's connections from the broker's side."""
        names = self.connections(username)
        for name in names:
            self.management.delete("connections", name)
        return len(names)


@contextmanager
def opened(folder: Path) -> Iterator[Platform]:
    """An edge of a test's own, removed afterwards with all its accounts."""
    amqp, http = broker_addresses()
    management = Management(f"http://{http.hostname}:{http.port}", http.username, http.password)
    edge = onboarding.Edge(f"test-client-{secrets.token_hex(5)}", amqp.hostname, amqp.port)
    for step in topology_steps(management, edge.vhost, layout.edge((5,)), unclaimed_steps(management, edge.vhost)):
        step.do()
    management.put("permissions", edge.vhost, amqp.username, body={"configure": ".*", "write": ".*", "read": ".*"})
    login = pika.PlainCredentials(amqp.username, amqp.password)
    parameters = pika.ConnectionParameters(amqp.hostname, amqp.port, edge.vhost, login)
    yield Platform(management, edge, parameters, folder)
    remove_accounts(Platform(management, edge, parameters, folder))
    management.delete("vhosts", edge.vhost)
    management.close()


def remove_accounts(platform: Platform) -> None:
    """Take away every outsider that was onboarded."""
    for user in platform.management.get("permissions"):
        if user["vhost"] == platform.edge.vhost and user["user"].startswith(("partner-", "source-")):
            platform.management.delete("users", user["user"])


@dataclass
class Partner:
    """One onboarded partner of a test's own."""

    id: str
    account: Path

    def client(self, **more: Any) -> PartnerClient:
        return PartnerClient.from_file(self.account, **more)


def offer(partner: Partner, *, urgent: bool = False, offer_id: str | None = None) -> Event:
    data = {
        "case_ref": "NG-0000000001", "offer_id": offer_id or secrets.token_hex(8), "partner_id": partner.id, "need": "legal_aid",
        "urgency": "critical" if urgent else "medium", "county": "KE-30", "languages": ["sw"],
        "respond_by": datetime.now(UTC) + timedelta(hours=2), "attempt": 1, "reasons": [], "policy_version": "1",
    }
    return make("referral.offered.v1", subject="NG-0000000001", data=data, urgent=urgent, partner_id=partner.id)


def within(seconds: float, done: Callable[[], bool]) -> Callable[[], bool]:
    """An `until` that is also true when the time is over, so that a failing test fails and does not hang."""
    end = time.monotonic() + seconds
    return lambda: done() or time.monotonic() > end
