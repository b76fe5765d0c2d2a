"""The platform under test: its own broker, database, services and partners, in a folder that goes with it."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pymongo
import yaml

from ngao.deployment.naming import SERVICES
from ngao.local import binaries
from ngao.local.broker import LocalBroker
from ngao.local.home import Home
from ngao.local.mongo import LocalMongo
from ngao.local.platform import Platform
from ngao.local.reaper import reaped
from ngao.testing.mailbox import Mailbox
from ngao.testing.processes import ROOT, ServiceProcess, World
from ngao.testing.waiting import eventually
from tests.faults.engine.load import Order
from tests.faults.engine.members import Members, send
from tests.faults.engine.orders import Orders
from tests.support.coalition import DEMO_POLICY, OFFICERS, Coalition, Partner, Source

Tell = Callable[[str], None]
TIERS_S = (1, 2, 4, 8)
RESPOND_BY_S = 25
STARTS_WITHIN_S = 90
"""For any process to be up: two seconds where it is alone, and thirty times that where twenty others want the same processor."""
_STATISTICS_MS = 1000
_ERL_ARGS = "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS"
_SERVICE, _PARTNER, _LOAD = (f"tests.faults.engine.{name}" for name in ("service", "partner", "load"))


class _Broker(LocalBroker):
    """Tells its counts often, so that quiet is seen soon; those of quorum queues follow a clock of their own."""

    def _configure(self) -> None:
        super()._configure()
        with (self.home.rabbitmq / "rabbitmq.conf").open("a") as file:
            file.write(f"collect_statistics_interval = {_STATISTICS_MS}\n")

    def _environment(self) -> dict[str, str]:
        known = super()._environment()
        return known | {_ERL_ARGS: f"{known[_ERL_ARGS]} -rabbit quorum_tick_interval {_STATISTICS_MS}"}


class _Stores(Platform):
    """A broker and a database that may be broken."""

    @property
    def broker(self) -> LocalBroker:
        return _Broker(self.home, super().broker.ports)


@dataclass
class _Stage(Coalition):
    """The coalition of the system tests, its services run with fault points."""

    orders: dict[str, object] = field(default_factory=dict)
    """What every service is told at its start, for good: a mutant to be, a shorter lease."""

    def start(self, smtp_port: int) -> None:
        self.smtp_port = smtp_port
        self._provision()
        for service in self.names:
            settings, port = self.world.settings(service, self.own(service), (DEMO_POLICY, *self.policy))
            for name, value in self.orders.items():
                Orders.of(settings).give(name, value)
            self.services[service] = ServiceProcess(settings, port, _SERVICE).start(ready=False)
        for service, process in self.services.items():
            eventually(process.is_ready, within=STARTS_WITHIN_S, what=f"{service} to be ready; see {process.log}")
        for person in OFFICERS:
            self.asks("notify", "PUT", f"/v1/roster/duty-officers/{person}", {"email": f"{person}@example.org", "language": "en"})


@dataclass
class Site:
    """Everything one run of the engine stands on."""

    folder: Path
    stores: Platform
    stage: _Stage
    mongods: Members
    tell: Tell
    counties: list[str] = field(default_factory=list)
    nobody: str = ""
    rounds: int = 0
    still_for: int = 2
    """How many looks in a row must find nothing moving: the broker's counts are as old as it is told to make them."""

    @property
    def services(self) -> dict[str, ServiceProcess]:
        return self.stage.services

    @property
    def partners(self) -> list[Partner]:
        return self.stage.partners

    def orders(self, service: str) -> Orders:
        return Orders.of(self.services[service].settings)

    def database(self, service: str) -> Any:
        """A service's database, read with a connection of our own."""
        return self._client[self.stage.world.database(service)]

    @property
    def _client(self) -> Any:
        if not hasattr(self, "_mongo"):
            self._mongo: Any = pymongo.MongoClient(
                self.stage.world.parts.mongo, tz_aware=True, serverSelectionTimeoutMS=20000, retryReads=True
            )
        return self._mongo

    @property
    def admin(self) -> Any:
        """The database's own commands, such as failpoints."""
        return self._client.admin

    # Processes

    def kill(self, service: str) -> None:
        """End it with -9, if it runs."""
        process = self.services[service]
        if process.is_running():
            process.signal(signal.SIGKILL)
            process.wait(10)

    def revive(self, service: str, *, ready: bool = True) -> None:
        """Start it if it does not run."""
        process = self.services[service]
        if not process.is_running():
            process.start(ready=False)
        if ready:
            self.ready(process)

    def ready(self, process: ServiceProcess) -> None:
        """Wait until a service can work."""
        eventually(process.is_ready, within=STARTS_WITHIN_S, what=f"a service to be ready; see {process.log}")

    def open_partners(self) -> None:
        for partner in self.partners:
            if partner.process is None or partner.process.poll() is not None:
                partner.open(_PARTNER)

    def control(self, partner: Partner, **values: Any) -> None:
        """Tell a partner how to behave; nothing: well."""
        path = partner.account.with_name("control.json")
        path.with_suffix(".new").write_text(json.dumps(values))
        path.with_suffix(".new").replace(path)

    # Broker and database

    def ctl(self, *words: str) -> str:
        """rabbitmqctl on our own node."""
        broker: Any = self.stores.broker
        environment = broker._environment()
        program = binaries.rabbitmq_server(self.tell).with_name("rabbitmqctl")
        command = [str(program), "-q", "-n", environment["RABBITMQ_NODENAME"], *words]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        if done.returncode:
            raise RuntimeError(f"rabbitmqctl {words[0]} failed: {done.stderr[-300:]}")
        return done.stdout

    def kill_broker(self) -> None:
        send(self.stores.broker.process, signal.SIGKILL)
        eventually(lambda: self.stores.broker.process.pid() is None, what="the broker's end")

    def start_broker(self) -> None:
        broker = self.stores.broker
        broker.start(binaries.rabbitmq_server(self.tell))
        broker.wait()

    def start_mongod(self, member: LocalMongo) -> None:
        """Start it again, and wait until it takes part; alone, until it takes writes."""
        self.mongods.start(member)
        eventually(self.mongods.whole, within=60, what="the set to be whole again")

    # Load

    def load(self, seed: int, rate: float, *, burst: int = 0, **mix: Any) -> Running:
        """Start a source of its own for one round."""
        self.rounds += 1
        source = self.stage.source(f"r{self.rounds}")
        folder = source.account.parent
        order = Order(
            str(source.account), source.key, self.services["intake"].port, str(folder / "history.jsonl"),
            [*self.counties, self.nobody], seed, rate, burst, **mix,
        )  # fmt: skip
        (folder / "order.json").write_text(json.dumps(asdict(order)))
        with (folder / "load.log").open("ab") as log:
            process = subprocess.Popen(
                [sys.executable, "-W", "ignore", "-m", _LOAD, str(folder / "order.json")], cwd=ROOT, stdout=log, stderr=log
            )
        return Running(source, process, Path(order.history))

    def heal(self) -> None:
        """Everything that should run does, and nothing misbehaves; what a fault left half done is mended here."""
        for service in SERVICES:
            orders = self.orders(service)
            for each in orders.folder.iterdir():
                if each.name not in self.stage.orders:
                    each.unlink()
            with suppress(ProcessLookupError):
                self.services[service].signal(signal.SIGCONT)
        for service in SERVICES:
            self.revive(service, ready=False)
        for partner in self.partners:
            self.control(partner)
        self.open_partners()
        for process in self.services.values():
            self.ready(process)


@dataclass
class Running:
    """One round's source."""

    source: Source
    process: subprocess.Popen[bytes]
    history: Path

    def stop(self) -> None:
        """No new reports; returns when the source knows what became of all it sent, or gave up."""
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def _policy(folder: Path) -> Path:
    """The demonstration's waits, but long enough that a fault of some seconds is no silence."""
    folder.mkdir()
    deadlines = yaml.safe_load((DEMO_POLICY / "deadlines.yaml").read_text())
    for waits in deadlines["urgencies"].values():
        waits["respond_by"] = RESPOND_BY_S
    (folder / "deadlines.yaml").write_text(yaml.safe_dump(deadlines | {"resolve_by": 90}))
    return folder


def _partners(site: Site) -> None:
    first, second, third, site.nobody = (site.stage.county() for _ in range(4))
    site.counties = [first, second, third]
    histories = site.stage.world.directory / "accounts" / "histories"
    histories.mkdir()
    for counties in ([first, second], [first, second, third], [second, third]):
        partner = site.stage.partner(counties[0], "", opened=False, counties=counties, capacity=9999)
        partner.behaviour = str(histories / f"{partner.id}.jsonl")
    site.open_partners()


@contextmanager
def opened(tell: Tell, *, members: int = 1, mutant: str = "", lease_s: float | None = None) -> Iterator[Site]:
    """A running site; afterwards nothing of it is left.

    `members` is how many mongods the replica set has; `lease_s` shortens the relay's lease.
    """
    folder, began = Path(tempfile.mkdtemp(prefix="ngao-faults-")), time.monotonic()
    with reaped(folder) as mark, _environment(mark):
        stores = _Stores.at(Home(folder), for_tests=True)
        try:
            variables = stores.up_for_tests(tell)
            with Members.joined(stores.mongo, members) as mongods, _environment(variables | {"NGAO_TEST_MONGO": mongods.url}):
                (folder / "world").mkdir()
                world = World(folder / "world", secrets.token_hex(4), TIERS_S)
                stage = _Stage(world, (_policy(world.directory / "policy"),), SERVICES)
                stage.orders = {name: value for name, value in (("mutant", mutant), ("lease", lease_s)) if value}
                with Mailbox(stage.mail) as mailbox, _ended(Site(folder, stores, stage, mongods, tell)) as site:
                    stage.start(mailbox.port)
                    _partners(site)
                    tell(f"the platform is up after {time.monotonic() - began:.0f} s")
                    yield site
        finally:
            for store in (stores.broker, stores.mongo):
                store.process.stop(0)  # killed, not asked: what is stopped here is thrown away
            stores.down(lambda _: None)


@contextmanager
def _ended(site: Site) -> Iterator[Site]:
    try:
        yield site
    finally:
        _end(site)


def _end(site: Site) -> None:
    for process in [*site.services.values()]:
        if process.is_running():
            process.signal(signal.SIGKILL)
    for partner in site.partners:
        if partner.process is not None:
            partner.process.kill()
            partner.process.wait()
    for process in site.services.values():
        if process.process is not None:
            process.process.wait()
    site.stage.management.close()
    if hasattr(site, "_mongo"):
        site._mongo.close()


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
