"""Everybody around a deployment: an operator, sources and partners, who reach it through its published ports only.

It is what the fault engine's rounds and collectors ask for (`tests/faults/engine`): they play here as they do on plain processes.
What the checker is to judge is read from each service's own store, by this host, which stands on every bridge of the engine.
"""

from __future__ import annotations

import json
import secrets
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from functools import cached_property
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any

import pymongo
import yaml

from ngao.broker.management import Management
from ngao.chassis.messaging.accounts import service_account
from ngao.client import SourceClient, keygen, signing_keygen
from ngao.deployment.naming import ADMINISTRATOR, EDGE_VHOST, SERVICES, VHOST, database_of, store_of
from ngao.deployment.polling import wait_until
from ngao.testing.processes import ROOT
from tests.compose.engine.deployment import Deployment
from tests.compose.engine.docker import docker
from tests.faults.engine.history import read
from tests.faults.engine.load import Order
from tests.faults.engine.site import Running
from tests.support.coalition import OFFICERS

_LOAD, _PARTNER = "tests.faults.engine.load", "tests.faults.engine.partner"


@dataclass
class Outsider:
    """A source or a partner: the folder that it was handed, and its process; `behaviour` is a partner's history."""

    id: str
    account: Path
    behaviour: str = ""
    process: subprocess.Popen[bytes] | None = None

    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        if self.process is not None and self.runs():
            self.process.kill()
            self.process.wait()


@dataclass(frozen=True)
class Desk:
    """One HTTP interface, as whoever has the key; over TLS, and trusting the deployment's authority only."""

    port: int
    tls: ssl.SSLContext

    def request(
        self, method: str, path: str, body: Any = None, key: str | None = None, within: float = 30, **headers: str
    ) -> tuple[int, Any]:
        """One exchange."""
        line = HTTPSConnection("localhost", self.port, timeout=within, context=self.tls)
        try:
            sent = {"Content-Type": "application/json", **headers} | ({"Authorization": f"Bearer {key}"} if key else {})
            line.request(method, path, None if body is None else json.dumps(body).encode(), sent)
            answer = line.getresponse()
            content = answer.read()
            return answer.status, json.loads(content) if "json" in (answer.getheader("Content-Type") or "") else content
        finally:
            line.close()


@dataclass(frozen=True)
class Main:
    """A container's first process as this host sees it."""

    pid: int

    def is_there(self) -> bool:
        return self.pid > 0 and Path(f"/proc/{self.pid}").exists()


@dataclass(frozen=True)
class Service(Desk):
    """A service through the desk gate."""

    name: str
    deployment: Deployment
    _known: list[tuple[float, Main]] = field(default_factory=list)

    @property
    def process(self) -> Main | None:
        """Its first process; looked for again, once a second, when it is gone."""
        if not self._known or (not self._known[-1][1].is_there() and time.monotonic() > self._known[-1][0] + 1):
            running = self.deployment.ids(self.name, running=True)
            pid = int(docker("inspect", "--format", "{{.State.Pid}}", running[0], check=False) or 0) if running else 0
            self._known[:] = [(time.monotonic(), Main(pid))]
        main = self._known[-1][1]
        return main if main.is_there() else None


@dataclass(frozen=True)
class _World:
    vhost: str
    edge_vhost: str
    operator_key: str


@dataclass(frozen=True)
class _Stage:
    world: _World
    management: Management


@dataclass
class Site:
    """A deployment with people around it."""

    deployment: Deployment
    folder: Path
    up_at: float
    """When it was told to come up, by the monotonic clock."""
    partners: list[Outsider] = field(default_factory=list)
    counties: list[str] = field(default_factory=list)
    nobody: str = ""
    rounds: int = 0
    still_for: int = 10
    """The broker renews its counts every five seconds; a look is 0.6 s."""

    def __post_init__(self) -> None:
        for each in ("partners", "histories"):
            (self.folder / each).mkdir(parents=True)
        self._stores: dict[str, Any] = {}
        self._opening = threading.Lock()

    # What the operator has

    @property
    def ca_file(self) -> Path:
        return self.deployment.secrets / "public" / "ca.pem"

    @cached_property
    def tls(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=str(self.ca_file))

    @cached_property
    def services(self) -> dict[str, Service]:
        """Each service through the desk gate."""
        return {
            name: Service(self.deployment.port(f"DESK_{name.upper()}"), self.tls, name, self.deployment) for name in SERVICES
        }

    @cached_property
    def intake(self) -> Desk:
        """Intake through the edge gate."""
        return Desk(self.deployment.port("EDGE_HTTP"), self.tls)

    @cached_property
    def outer_referral(self) -> Desk:
        """Referral through the edge gate."""
        return Desk(self.deployment.port("EDGE_PARTNERS"), self.tls)

    @cached_property
    def pages(self) -> Desk:
        """Console through the edge gate."""
        return Desk(self.deployment.port("EDGE_CONSOLE"), self.tls)

    @cached_property
    def stage(self) -> _Stage:
        own = self.deployment.secrets / "operator"
        password = (own / "broker-admin.password").read_text("utf-8").strip()
        url = f"https://localhost:{self.deployment.port('DESK_MANAGEMENT')}"
        management = Management(url, ADMINISTRATOR, password, ca_file=str(self.ca_file))
        return _Stage(_World(VHOST, EDGE_VHOST, (own / "operator.key").read_text("utf-8").strip()), management)

    def asks(self, service: str, method: str, path: str, body: Any = None) -> Any:
        """As the operator; what is refused fails the test."""
        status, answer = self.services[service].request(method, path, body, self.stage.world.operator_key)
        assert status in {200, 201, 204}, (service, path, status, answer)
        return answer

    # What each store holds

    def database(self, service: str) -> Any:
        """A service's database, with the service's own account; a round looks at it from two threads."""
        with self._opening:
            if service not in self._stores:
                self._stores[service] = self._open_database(service)
            return self._stores[service]

    def _open_database(self, service: str) -> Any:
        password = (self.deployment.secrets / service / "store.password").read_text("utf-8").strip()
        name = database_of(service)
        host = self.deployment.address(store_of(service), f"store-{service}")
        client: Any = pymongo.MongoClient(
            host, 27017, directConnection=True, tls=True, tlsCAFile=str(self.ca_file), tlsAllowInvalidHostnames=True,
            username=service_account(service), password=password, authSource=name, tz_aware=True,
            serverSelectionTimeoutMS=5000, connectTimeoutMS=3000, socketTimeoutMS=15000,
        )  # fmt: skip
        return client[name]

    def forget_stores(self) -> None:
        """A store that was started again may stand elsewhere."""
        with self._opening:
            for database in self._stores.values():
                database.client.close()
            self._stores.clear()

    def is_settled(self, case_ref: str) -> bool:
        """One partner has it, and never two; or all have declined it, and a human was told."""
        status, case = self.services["referral"].request("GET", f"/v1/cases/{case_ref}", None, self.stage.world.operator_key)
        if status != 200:
            return False
        taken = [each for each in case["offers"] if each["state"] in {"accepted", "started", "completed"}]
        assert len(taken) <= 1, case_ref
        return bool(taken) or any(hop["what"] == "unroutable" for hop in case["story"])

    def forget_secrets(self) -> None:
        """The operator's keys, passwords and authorities have changed: the next who asks reads them again."""
        if "stage" in self.__dict__:
            self.stage.management.close()
        for name in ("stage", "tls", "services", "intake", "outer_referral"):
            self.__dict__.pop(name, None)
        self.forget_stores()

    # People

    def settle(self) -> None:
        """Duty officers, and three partners whose counties overlap; in one county there is nobody."""
        for person in OFFICERS:
            self.asks("notify", "PUT", f"/v1/roster/duty-officers/{person}", {"email": f"{person}@example.org", "language": "en"})
        known = yaml.safe_load((ROOT / "deploy" / "policy" / "counties.yaml").read_text("utf-8"))["counties"]
        first, second, third, self.nobody = list(known)[:4]
        self.counties = [first, second, third]
        for number, counties in enumerate(([first, second], [first, second, third], [second, third]), 1):
            self.partners.append(self.partner(f"p{number}", counties))
        self.open_partners()

    def partner(self, partner_id: str, counties: list[str]) -> Outsider:
        """A partner makes its keys, the operator adds it and hands its folder over."""
        folder = self.folder / "partners" / partner_id
        public = keygen(folder)[2].read_text("utf-8").strip()
        signs = signing_keygen(folder)[2].read_text("utf-8").strip()
        wanted = {
            "id": partner_id, "name": partner_id, "support_types": ["legal_aid"], "counties": counties, "languages": ["sw"],
            "capacity": 9999, "vetted": True, "public_key": public, "signing_key": signs,
            "contact": {"email": f"{partner_id}@example.org", "language": "en"},
        }  # fmt: skip
        file = folder / "partner.yaml"
        file.write_text(yaml.safe_dump(wanted), "utf-8")
        self.deployment.ngao("partner", "add", str(file))
        for each in self._handed_over("partner", partner_id).iterdir():
            each.rename(folder / each.name)
        return Outsider(partner_id, folder / "account.json", str(self.folder / "histories" / f"{partner_id}.jsonl"))

    def open_partners(self) -> None:
        """Start those that do not run."""
        for partner in self.partners:
            if not partner.runs():
                partner.process = self._start(_PARTNER, partner, str(partner.account), partner.behaviour)

    def give_certificates(self) -> None:
        """The operator makes new ones, each partner puts them in the place of its own and starts again."""
        for partner in self.partners:
            self.deployment.ngao("partner", "certificate", partner.id)
            for each in self._handed_over("partner", partner.id).iterdir():
                each.replace(partner.account.with_name(each.name))
            partner.stop()
        self.open_partners()

    def source(self, source_id: str) -> Outsider:
        """The operator adds a system that posts."""
        self.deployment.ngao("source", "add", source_id, "--rate", "500")
        return Outsider(source_id, self._handed_over("source", source_id) / "account.json")

    def key_of(self, outsider: Outsider) -> str:
        """Its bearer key."""
        return outsider.account.with_name("http.secret").read_text("utf-8").strip()

    def posts(self, source: Outsider, body: Mapping[str, Any]) -> tuple[int, Any]:
        """Over HTTPS through the edge gate."""
        return self.intake.request("POST", "/v1/reports", body, self.key_of(source))

    def publishes(self, source: Outsider, body: Mapping[str, Any]) -> None:
        """Over AMQPS through the edge gate."""
        client = SourceClient.from_file(source.account)
        client.publish(dict(body))
        client.close()

    def hears(self, what: str, case_ref: str, within: float = 60) -> None:
        """Wait until a partner has heard something about a case."""

        def heard() -> bool:
            lines = (line for partner in self.partners for line in read(Path(partner.behaviour)) if line["f"] == "heard")
            status, case = self.services["referral"].request("GET", f"/v1/cases/{case_ref}", None, self.stage.world.operator_key)
            refs = {each["partner_case_ref"] for each in case["offers"]} if status == 200 else set()
            return any(line["case_ref"] in refs and line["what"] == what for line in lines)

        if not wait_until(heard, within, 0.5):
            raise AssertionError(f"no partner heard {what} about {case_ref} within {within:.0f} s")

    def _handed_over(self, kind: str, name: str) -> Path:
        return self.deployment.folder / "home" / "accounts" / f"{kind}-{name}"

    def _start(self, module: str, outsider: Outsider, *words: str) -> subprocess.Popen[bytes]:
        with outsider.account.with_name("process.log").open("ab") as log:
            command = [sys.executable, "-W", "ignore", "-m", module, *words]
            return subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log, start_new_session=True)

    # Rounds

    def load(self, seed: int, rate: float, *, burst: int = 0, **mix: Any) -> Running:
        """Start a source of its own for one round."""
        self.rounds += 1
        source = self.source(f"r{self.rounds}-{secrets.token_hex(2)}")
        folder = source.account.parent
        order = Order(
            str(source.account), self.key_of(source), self.deployment.port("EDGE_HTTP"), str(folder / "history.jsonl"),
            [*self.counties, self.nobody], seed, rate, burst, ca_file=str(self.ca_file), **mix,
        )  # fmt: skip
        (folder / "order.json").write_text(json.dumps(asdict(order)), "utf-8")
        source.process = self._start(_LOAD, source, str(folder / "order.json"))
        return Running(source, source.process, Path(order.history))

    def heal(self) -> None:
        """Everything that should run does."""
        for container in self.deployment.containers():
            if container["HostConfig"]["RestartPolicy"]["Name"] != "no" and not container["State"]["Running"]:
                docker("start", container["Id"])
        self.deployment.wait_until_well(180)
        self.forget_stores()
        self.open_partners()

    def close(self) -> None:
        """End what was started here."""
        for partner in self.partners:
            partner.stop()
        self.forget_stores()
        if "stage" in self.__dict__:
            self.stage.management.close()


@contextmanager
def site_of(deployment: Deployment, up_at: float) -> Iterator[Site]:
    """People around a deployment that is up, gone afterwards."""
    made = Site(deployment, deployment.folder / "people", up_at)
    try:
        yield made
    finally:
        made.close()
