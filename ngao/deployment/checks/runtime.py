"""Checks of everything that the services need: settings, broker, stores, clocks, disk and ports."""

from __future__ import annotations

import shutil
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property, partial
from itertools import islice
from pathlib import Path
from typing import Any

import requests
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from ngao.broker.lanes import Unread, unread_lanes
from ngao.broker.management import Management, Step
from ngao.chassis.errors import Misconfigured, Unavailable
from ngao.chassis.messaging.broker import demand_usable
from ngao.chassis.messaging.preflight import require_broker, require_version
from ngao.chassis.security.identity import load_operators
from ngao.chassis.security.keyfiles import active_public, load_keks, load_lookup, load_private
from ngao.chassis.security.roles import read_roles
from ngao.chassis.security.tls import server_identity
from ngao.chassis.settings import Settings, StoreSettings, load
from ngao.chassis.storage.connection import client_options
from ngao.chassis.storage.preflight import require_store
from ngao.deployment.checks.runner import Check, CheckWarning
from ngao.deployment.naming import EDGE_VHOST, SEALED_TO
from ngao.deployment.operators import entries_in, roles_at_fault
from ngao.deployment.polling import wait_until

CLOCK_DOUBT_S, CLOCK_WRONG_S = 2.0, 30.0
DISK_DOUBT, DISK_WRONG = 5 * 1024**3, 1024**3
_MANY, _LANES_WITHIN_S = 1000, 30
_ALARMS = {"disk_free_alarm": "free disk", "mem_alarm": "memory"}
_OF_OTHERS = frozenset({"alarms", "recipients"})
"""Warnings of readiness that no fault of the platform causes: a caseworker, a partner or a source must act."""


@dataclass(frozen=True)
class Service:
    """One service, by its settings file, seen from where it runs."""

    file: Path

    def static(self) -> Iterator[Check]:
        """Yield the checks that need no running broker or store."""
        yield Check(self.named("settings"), lambda: self.settings.service)
        needs = (self.named("settings"),)
        yield Check(self.named("keys"), self._keys, needs)
        yield Check(self.named("operators"), self._operators, needs)
        yield Check(self.named("TLS files"), self._tls, needs)

    def running(self) -> Iterator[Check]:
        """Yield the checks that need a running broker and store."""
        needs = (self.named("settings"), self.named("TLS files"))
        yield Check(self.named("broker account"), self._broker, needs)
        yield Check(self.named("store"), lambda: _store(self.settings.store), needs)
        yield Check(self.named("store's clock"), lambda: look_at_store_clock(self.settings.store), (self.named("store"),))

    def named(self, what: str) -> str:
        """Return the name of a check of this service."""
        return f"{what} of {self.file.stem}"

    @cached_property
    def settings(self) -> Settings:
        """Return the service's settings, which are read once. Raises Misconfigured."""
        return load(self.file)

    def _keys(self) -> str:
        settings = self.settings
        periods = sorted(load_keks(settings.keys_directory))
        load_lookup(settings.keys_directory)
        for owner in SEALED_TO:
            active_public(settings.public_keys_directory, owner)
        if settings.service in SEALED_TO:
            load_private(settings.keys_directory)
        return f"periods {', '.join(periods)}"

    def _operators(self) -> str:
        roles, file = read_roles(self.settings.policy_directories), self.settings.operators_file
        known, wrong = load_operators(file, roles), roles_at_fault(entries_in(file), roles)
        if wrong:
            raise Misconfigured(wrong[0])
        return f"{len(known)} of them"

    def _tls(self) -> str:
        settings = self.settings
        demand_usable(settings.broker)
        if settings.store.ca_file:
            client_options(settings.store)
        server_identity(settings.http.cert_file, settings.http.key_file)
        return "good" if settings.broker.ca_file else "none wanted"

    def _broker(self) -> str:
        settings = self.settings.broker
        versions = {require_broker(settings, edge=edge) for edge in (False, True)}
        return f"RabbitMQ {', '.join(sorted(versions))}"


@dataclass(frozen=True)
class Broker:
    """The broker as an administrator sees it. `steps` returns the steps that would create its missing parts."""

    management: Callable[[], AbstractContextManager[Management]]
    steps: Callable[[Management], Iterator[Step]]
    edge_vhost: str = EDGE_VHOST

    def checks(self) -> Iterator[Check]:
        """Yield the checks of the broker: its version, alarms, queues and accounts, lanes and clock."""
        yield Check("broker", self._version)
        yield Check("broker's alarms", self._alarms, ("broker",))
        yield Check("queues and accounts", self._topology, ("broker",))
        yield Check("lanes", self._lanes, ("broker",))
        yield Check("broker's clock", self._clock, ("broker",))

    def _version(self) -> str:
        with self.management() as management:
            version = str(management.get("overview")["rabbitmq_version"])
        require_version("The broker", version)
        return f"RabbitMQ {version}"

    def _alarms(self) -> str:
        with self.management() as management:
            nodes = management.get("nodes") or []
        for node in nodes:
            for alarm, what in _ALARMS.items():
                if node.get(alarm):
                    scarce = f"The broker has too little {what} on {node['name']} and takes nothing"
                    raise Unavailable(f"{scarce}: see docs/runbooks/broker-alarm.md.")
        return f"none on {len(nodes)} node{'s' if len(nodes) != 1 else ''}"

    def _topology(self) -> str:
        with self.management() as management:
            missing = [step.what for step in islice(self.steps(management), _MANY)]
        if missing:
            raise Misconfigured(f"The broker lacks {len(missing)} things, first the {missing[0]}: run `ngao provision`.")
        return "as wanted"

    def _lanes(self) -> str:
        """Check that every lane has a consumer.

        A new lane has none for a moment, and the broker's counts are some seconds late: only a lane that stays unread is a fault.
        """
        with self.management() as management:
            look = partial(unread_lanes, management, self.edge_vhost)
            if not wait_until(lambda: not look(), _LANES_WITHIN_S, pause_s=1) and (unread := look()):
                raise _of_unread(unread[0])
        return "none is unread beside a queue that is read"

    def _clock(self) -> str:
        with self.management() as management:
            return judge_clock("the broker", management.clock(), exact_s=1.0)


def _of_unread(lane: Unread) -> Exception:
    fault = f"Nobody reads what the {lane.kind} {lane.id} posts over AMQP"
    why = "its service does not know it, or is of a version that reads no lanes"
    way_out = f"{why}; see docs/runbooks/subscription-without-consumer.md."
    return (Misconfigured if lane.waiting else CheckWarning)(f"{fault} ({lane.waiting} messages wait): {way_out}")


def _store(settings: StoreSettings) -> str:
    return f"MongoDB {require_store(settings)}"


def look_at_store_clock(settings: StoreSettings) -> str:
    """Compare the store's clock with the local clock. Raises what `judge_clock` raises, and Unavailable."""
    address = f"mongodb://{settings.hosts}/{settings.database}"
    try:
        with MongoClient[dict[str, Any]](address, **client_options(settings)) as client:
            local = client.admin.command("hello")["localTime"]
    except PyMongoError as error:
        raise Unavailable(f"The store at {settings.hosts} does not say its time ({type(error).__name__}).") from None
    return judge_clock(f"the store at {settings.hosts}", local if local.tzinfo else local.replace(tzinfo=UTC))


def judge_clock(whose: str, theirs: datetime, *, exact_s: float = 0.0, now: datetime | None = None) -> str:
    """Compare a clock with the local one. Raises Misconfigured if deadlines and leases cannot work, CheckWarning for a drift."""
    apart = max(0.0, abs(((now or datetime.now(UTC)) - theirs).total_seconds()) - exact_s)
    says = f"The clock of {whose} and of this machine are {apart:.0f} s apart: let both follow the same time server."
    if apart > CLOCK_WRONG_S:
        raise Misconfigured(says)
    if apart > CLOCK_DOUBT_S:
        raise CheckWarning(says)
    return f"{apart:.1f} s apart"


def disk(where: Path) -> Check:
    """Return the check of the free space on a disk."""

    def look() -> str:
        free = shutil.disk_usage(where).free
        says = f"Only {free / 1024**3:.1f} GiB are free on the disk of {where}: make room, or give it a larger disk."
        if free < DISK_WRONG:
            raise Misconfigured(says)
        if free < DISK_DOUBT:
            raise CheckWarning(says)
        return f"{free / 1024**3:.0f} GiB free at {where}"

    return Check("disk", look)


def free_ports(wanted: Mapping[str, tuple[str, int]]) -> Iterator[Check]:
    """Yield a check that each port is free. `wanted` has the host and port for each variable that sets a port."""
    for variable, (host, port) in wanted.items():
        yield Check(f"port {port}", partial(_demand_port, variable, host, port))


def _demand_port(variable: str, host: str, port: int) -> str:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen()
        except OSError as error:
            why = error.strerror or type(error).__name__
            raise Misconfigured(f"Nothing can listen on {host}:{port} ({why}): set {variable} to a free port.") from None
    return "free"


def ready(urls: Mapping[str, str], ca_file: str | None, needs: tuple[str, ...] = ()) -> Iterator[Check]:
    """Yield a check of each service: that it works and waits for no operator; `needs` names the checks it depends on."""
    for service, url in urls.items():
        yield Check(f"{service} is ready", partial(_demand_ready, service, url, ca_file), needs)


def _demand_ready(service: str, url: str, ca_file: str | None) -> str:
    try:
        with requests.Session() as session:
            session.trust_env = False
            answer = session.get(f"{url.rstrip('/')}/readyz", timeout=10, verify=ca_file or True)
            body = answer.json() if answer.status_code in {200, 503} else {}
            report, warnings = body.get("checks", {}), body.get("warnings", {})
    except (requests.RequestException, ValueError, AttributeError) as error:
        raise Unavailable(f"{service} does not answer at {url} ({type(error).__name__}): look at its log.") from None
    if answer.status_code != 200:
        why = next((sentence for sentence in report.values() if sentence != "ok"), f"status {answer.status_code}")
        raise Unavailable(f"{service} at {url} is not ready: {why}")
    if warnings:
        kind = CheckWarning if set(warnings) <= _OF_OTHERS else Misconfigured
        raise kind(" ".join(warnings.values()))
    return url


def store_accounts(stores: Sequence[StoreSettings]) -> Iterator[Check]:
    """Yield the checks of the stores by their accounts alone, for a host without the services' settings."""
    for settings in stores:
        name = f"store of {settings.database}"
        yield Check(name, partial(_store, settings))
        yield Check(f"{name}'s clock", partial(look_at_store_clock, settings), (name,))
