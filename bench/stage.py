"""The stage: one broker and one mongod in a new folder, a case's four services on them, and rooms for the other contenders."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests
import yaml

from bench.clock import say
from bench.receiver import Account
from ngao.broker.onboarding import Edge, onboard
from ngao.chassis.security import seals
from ngao.chassis.security.vouches import Statement, Vouch
from ngao.chassis.settings import read_secret
from ngao.deployment.atomic_files import write_whole
from ngao.deployment.naming import ADMINISTRATOR, EDGE_VHOST
from ngao.local.home import REPOSITORY, Home
from ngao.local.platform import Platform
from ngao.local.ports import LOCAL, free_port
from ngao.local.reaper import reaped

MEASURED = ("intake", "registry", "referral", "notify")
"""The services that a report goes through; console is not one of them."""
PARTNERS = 20
NEED = "legal_aid"
_QUORUM = {"x-queue-type": "quorum"}


@dataclass(frozen=True)
class Room:
    """One contender's own virtual host and database on the common stores."""

    name: str
    vhost: str
    database: str
    amqp: str
    mongo: str
    port: int
    key: str

    def as_file(self, folder: Path, **more: Any) -> Path:
        """Write the file that the contender's programs read, and return its path."""
        path = folder / f"{self.name}.json"
        write_whole(path, json.dumps({**vars(self), **more}))
        return path


@dataclass
class Stage:
    """The running platform, seen as its operator."""

    platform: Platform
    source_key: str = ""

    @property
    def home(self) -> Home:
        """The home of the platform's files."""
        return self.platform.home

    @property
    def broker_password(self) -> str:
        """The password of the broker's administrator."""
        return self.home.secret("broker-admin")

    @property
    def mongo_uri(self) -> str:
        """The address of MongoDB, with the administrator's account."""
        password = self.home.secret("mongo-admin")
        return f"mongodb://{ADMINISTRATOR}:{password}@{LOCAL}:{self.platform.ports['mongo']}/?authSource=admin&replicaSet=rs0"

    def environment(self) -> dict[str, str]:
        """Return the environment of this stage's programs, by which the guard recognises them."""
        return {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONWARNINGS": "ignore"}

    def room(self, name: str) -> Room:
        """Make a contender's virtual host, and name its database."""
        vhost, management = f"bench-{name}", self.platform.broker.management()
        management.put("vhosts", vhost, body={})
        rights = {"configure": ".*", "write": ".*", "read": ".*"}
        management.put("permissions", vhost, ADMINISTRATOR, body=rights)
        management.close()
        amqp = f"amqp://{ADMINISTRATOR}:{self.broker_password}@{LOCAL}:{self.platform.ports['amqp']}/{vhost}"
        return Room(name, vhost, f"bench_{name}", amqp, self.mongo_uri, free_port(), secrets.token_urlsafe(32))

    def partner_queues(self, room: Room) -> tuple[str, ...]:
        """Create an exchange `partners` with a quorum queue for each partner, as the platform's own partners have."""
        management, names = self.platform.broker.management(), partner_names()
        management.put("exchanges", room.vhost, "partners", body={"type": "direct", "durable": True})
        for name in names:
            management.put("queues", room.vhost, f"partner.{name}", body={"durable": True, "arguments": _QUORUM})
            management.post("bindings", room.vhost, "e", "partners", "q", f"partner.{name}", body={"routing_key": name})
        management.close()
        return tuple(f"partner.{name}" for name in names)

    def quorum_queue(self, room: Room, name: str) -> None:
        """Create one quorum queue, which is reached by its name over the default exchange."""
        management = self.platform.broker.management()
        management.put("queues", room.vhost, name, body={"durable": True, "arguments": _QUORUM})
        management.close()

    def subscriptions(self, room: Room, wanted: list[tuple[str, str]]) -> None:
        """Create an exchange `events`, and a quorum queue for each event that a service subscribes to."""
        management = self.platform.broker.management()
        management.put("exchanges", room.vhost, "events", body={"type": "topic", "durable": True})
        for service, event in wanted:
            name = f"{service}.{event}"
            management.put("queues", room.vhost, name, body={"durable": True, "arguments": _QUORUM})
            management.post("bindings", room.vhost, "e", "events", "q", name, body={"routing_key": event})
        management.close()

    def account(self, vhost: str, queues: tuple[str, ...]) -> Account:
        """Return the account with which the receiver reads these queues."""
        return Account(LOCAL, self.platform.ports["amqp"], ADMINISTRATOR, self.broker_password, vhost, queues)

    def put(self, service: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Send a PUT request with the operator's key, and return its answer."""
        key = self.home.operator_key.read_text().strip()
        address, headers = self.platform.url(service) + path, {"Authorization": f"Bearer {key}"}
        answer = requests.put(address, json=body, headers=headers, timeout=30, proxies={"http": ""})
        answer.raise_for_status()
        return dict(answer.json())

    def onboard(self) -> Account:
        """Onboard one source and all partners. Returns the account that reads every partner's queues."""
        self.source_key = self.put("intake", "/v1/sources/bench", {"rate_per_second": 10_000, "new_key": True})["key"]
        management, queues = self.platform.broker.management(), []
        edge = Edge(EDGE_VHOST, LOCAL, self.platform.ports["amqp"])
        _, public = seals.new_key_pair()
        onboarding = read_secret(self.platform.home.onboarding_key)
        for name, county in zip(partner_names(), counties(), strict=False):
            made = onboard(management, edge, "partner", name)
            queues += [made.queues["urgent"], made.queues["routine"]]
            self.put("referral", f"/v1/partners/{name}", partner(name, county, public, onboarding))
        rights = {"configure": "", "write": "", "read": ".*"}
        management.put("permissions", EDGE_VHOST, ADMINISTRATOR, body=rights)
        management.close()
        return self.account(EDGE_VHOST, tuple(queues))


@contextmanager
def opened() -> Iterator[Stage]:
    """Start a stage, and stop and remove it afterwards, however the run ends."""
    os.environ["NGAO_SERVICES"] = " ".join(MEASURED)
    folder = Path(tempfile.mkdtemp(prefix="ngao-bench-"))
    with reaped(folder) as mark:
        os.environ.update(mark)
        platform = Platform.at(Home(folder))
        try:
            _silence_mail(platform.home)
            platform.up(say)
            yield Stage(platform)
        finally:
            platform.down(say)


def partner_names() -> list[str]:
    """Return the names of the invented partners."""
    return [f"bench-{number:02d}" for number in range(PARTNERS)]


def counties() -> list[str]:
    """Return the counties that have a partner."""
    listed = yaml.safe_load((REPOSITORY / "deploy" / "policy" / "counties.yaml").read_text("utf-8"))["counties"]
    return list(listed)[:PARTNERS]


def partner(name: str, county: str, public_key: str, onboarding: str) -> dict[str, Any]:
    """Return a vouched partner for one county, with 1,000 places. It has no signing key: the bench signs nothing."""
    vouch = Vouch.new(Statement(name, public_key, None, datetime.now(UTC))).signed(onboarding)
    return {**in_directory(name, county), "public_key": public_key, "vouch": vouch.write()}


def in_directory(name: str, county: str) -> dict[str, Any]:
    """Return the same partner without keys, for contenders that seal nothing."""
    return {
        "name": name, "support_types": [NEED], "counties": [county], "languages": ["sw", "en"], "capacity": 1000, "vetted": True,
    }  # fmt: skip


def _silence_mail(home: Home) -> None:
    """Remove the e-mail for each offer, because no other contender sends one. The duty officer's rules stay."""
    rules = yaml.safe_load((REPOSITORY / "deploy" / "policy" / "notifications.yaml").read_text("utf-8"))
    rules["rules"] = [rule for rule in rules["rules"] if rule["tell"] == "duty_officer"]
    write_whole(home.policy / "notifications.yaml", yaml.safe_dump(rules))
