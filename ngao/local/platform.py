"""The whole platform on one machine: up, down, status. Each step checks first, so that an interrupted `up` can be resumed."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass

import requests

from ngao.broker.provisioning import provision
from ngao.chassis.errors import Misconfigured, Unavailable
from ngao.deployment.naming import ADMINISTRATOR, EDGE_VHOST, SERVICES, VHOST
from ngao.local import binaries, configuration, ports
from ngao.local.broker import LocalBroker
from ngao.local.home import REPOSITORY, Home, python_environment
from ngao.local.mailbox import command as mail_server
from ngao.local.mongo import LocalMongo
from ngao.local.processes import STORE_ENDS_WITHIN_S, Process

Progress = Callable[[str], None]

AFTER_INTAKE = ("registry", "referral", "notify", "console")
_PARTS = ("amqp", "management", "metrics", "distribution", "epmd", "mongo", "smtp", *SERVICES)
_READY_S = 60
PATIENCE_S = 180  # for another command on the same home: longer than the slowest start


@dataclass(frozen=True)
class Part:
    """One process of the platform, as `status` shows it. `address` is empty for a part without clients.

    `warnings` are problems that an operator must fix although the part is ready.
    """

    name: str
    pid: int | None
    ready: bool
    address: str
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Platform:
    """The platform of one home."""

    home: Home
    ports: dict[str, int]
    for_tests: bool = False

    @classmethod
    def at(cls, home: Home, *, for_tests: bool = False) -> Platform:
        """Return the platform of a home, with its stored ports or new ones. Raises Misconfigured."""
        with home.alone(patience_s=PATIENCE_S, at="ports.lock"):
            remembered = home.state().get("ports", {})
            chosen = ports.choose(_PARTS, remembered)
            if not remembered:  # so that two concurrent first commands choose the same
                home.remember(ports=chosen)
        return cls(home, chosen, for_tests)

    @property
    def broker(self) -> LocalBroker:
        """The platform's RabbitMQ."""
        return LocalBroker(self.home, self.ports)

    @property
    def mongo(self) -> LocalMongo:
        """The platform's mongod."""
        return LocalMongo(self.home, self.ports["mongo"], self.for_tests)

    def service(self, name: str) -> Process:
        """Return the process of one service, or of another part."""
        return Process(name, self.home.run)

    def start(self, name: str, command: Sequence[str]) -> None:
        """Start a Python program of ours as a process of this home, with a log of its own. Raises Unavailable.

        Reports come first: the services that work off what intake has accepted yield to it and to the stores.
        """
        log = self.home.logs / f"{name}.log"
        yields = name in AFTER_INTAKE
        self.service(name).start(command, log=log, environment=python_environment(), cwd=REPOSITORY, yields=yields)

    def url(self, part: str) -> str:
        """Return the HTTP address of a service, or of the broker's management."""
        return f"http://{ports.LOCAL}:{self.ports[part]}"

    def up(self, progress: Progress) -> None:
        """Start the parts that do not run, and return when all are ready. Raises Misconfigured, Unavailable."""
        services = chosen_services()
        with self.home.alone(patience_s=PATIENCE_S, progress=progress):
            self._prepare(services, progress)
            self._start_chosen(services, progress)

    def restart(self, progress: Progress, services: tuple[str, ...] = SERVICES) -> None:
        """Stop services and start them again. Broker and database come first, so that a failure there stops no service.

        Raises Misconfigured and Unavailable, which name the services that are stopped afterwards.
        """
        chosen = chosen_services()
        with self.home.alone(patience_s=PATIENCE_S, progress=progress):
            try:
                self._prepare(chosen, progress)
            except (Misconfigured, Unavailable) as error:
                raise type(error)(f"{error} No service was stopped.") from None
            try:
                self._stop(services, progress)
                self._start_chosen(chosen, progress)
            except (Misconfigured, Unavailable) as error:
                stopped = [name for name in services if self.service(name).pid() is None]
                raise type(error)(f"{error} {_remedy(stopped)}".rstrip()) from None

    def up_for_tests(self, progress: Progress) -> dict[str, str]:
        """Start only a broker and a database that a test run may break. Return the variables that tests read."""
        with self.home.alone(patience_s=PATIENCE_S, progress=progress):
            self._remember(())
            self._start_stores(progress)
        account = f"{ADMINISTRATOR}:{self.home.secret('broker-admin')}@{ports.LOCAL}"
        return {
            "NGAO_TEST_AMQP": f"amqp://{account}:{self.ports['amqp']}",
            "NGAO_TEST_MANAGEMENT": f"http://{account}:{self.ports['management']}",
            "NGAO_TEST_BROKER_METRICS": self.url("metrics"),
            "NGAO_TEST_MONGO": f"mongodb://{ports.LOCAL}:{self.ports['mongo']}/?directConnection=true&readConcernLevel=majority",
            "NGAO_TEST_DATA": str(self.home.root),
        }

    def down(self, progress: Progress) -> None:
        """Stop everything, services first, so that they finish their work. Raises Unavailable."""
        with self.home.alone(patience_s=PATIENCE_S, progress=progress):
            self._stop(self._users_of_stores(), progress)
            for name, part in (("RabbitMQ", self.broker), ("mongod", self.mongo)):
                if part.process.members():
                    progress(f"stopping {name}")
                part.stop(0 if self.for_tests else STORE_ENDS_WITHIN_S)

    def stop_services(self, progress: Progress) -> None:
        """Stop only the services, so that the next `up` starts them with the changes."""
        with self.home.alone(patience_s=PATIENCE_S, progress=progress):
            self._stop(SERVICES, progress)

    def _stop(self, names: Sequence[str], progress: Progress) -> None:
        for name in names:
            if self.service(name).stop():
                progress(f"{name} stopped")

    def _users_of_stores(self) -> list[str]:
        """Return the names of all our processes except broker and database: services first, then the others."""
        known = [path.stem for path in sorted(self.home.run.glob("*.process"))]
        others = [name for name in known if name not in {*SERVICES, "rabbitmq", "epmd", "mongod"}]
        return [*reversed(SERVICES), *others]

    def status(self) -> list[Part]:
        """Return every part, running or not: none before the first `up`."""
        if "services" not in self.home.state():
            return []
        broker, mongo = self.broker.process.pid(), self.mongo.process.pid()
        amqp, database = f"amqp://{ports.LOCAL}:{self.ports['amqp']}", f"mongodb://{ports.LOCAL}:{self.ports['mongo']}"
        address = f"{amqp} (management {self.url('management')})"
        stores = [
            Part("rabbitmq", broker, bool(broker) and ports.is_open(self.ports["amqp"]), address),
            Part("mongod", mongo, bool(mongo) and ports.is_open(self.ports["mongo"]), database),
        ]
        services = [self._service_part(name) for name in self.home.state()["services"]]
        return stores + services + self._mailbox_part()

    def _prepare(self, services: tuple[str, ...], progress: Progress) -> None:
        """Start the stores, and bring the broker, keys and settings up to date. Running services continue."""
        self._remember(services)
        self._start_stores(progress)
        self._configure(progress)

    def _start_chosen(self, services: tuple[str, ...], progress: Progress) -> None:
        self._agree_on_approvals(progress)
        if "notify" in services:
            self._start_mailbox(progress)
        self._start_services(services, progress)

    def _remember(self, services: tuple[str, ...]) -> None:
        urls = {name: self.url(name) for name in SERVICES}
        self.home.remember(
            ports=self.ports,
            services=services,
            urls=urls,
            management=self.url("management"),
            amqp={"host": ports.LOCAL, "port": self.ports["amqp"], "vhost": VHOST, "edge_vhost": EDGE_VHOST, "tls": False},
        )

    def _start_stores(self, progress: Progress) -> None:
        """Start both at the same time, because each takes some seconds."""
        server, mongod = binaries.rabbitmq_server(progress), binaries.mongod(progress)
        progress("starting RabbitMQ and mongod")
        self.broker.start(server)
        self.mongo.start(mongod)
        self.mongo.wait()
        progress("mongod is ready")
        self.broker.wait()
        progress("RabbitMQ is ready")
        if woken := self.broker.wake_queues(server):
            progress(f"{woken} incomplete queues repaired")

    def _configure(self, progress: Progress) -> None:
        self.mongo.make_accounts(SERVICES)
        with closing(self.broker.management()) as management:
            done = provision(management, configuration.wanted_on_broker(self.home))
        progress(f"broker provisioned ({len(done)} changes)")
        configuration.write_keys(self.home)
        configuration.write_operator(self.home)
        binaries.javascript(progress)
        configuration.write_settings(self.home, self.ports)

    def _agree_on_approvals(self, progress: Progress) -> None:
        """Make all services use the same approval rule: stop those that run with the other one."""
        mode = configuration.approvals_mode(self.home)
        if mode != self.home.state().get("approvals", "single"):
            for name in filter(lambda name: self.service(name).stop(), SERVICES):
                progress(f"{name} stopped, because NGAO_APPROVALS has changed")
        self.home.remember(approvals=mode)

    def _start_services(self, services: tuple[str, ...], progress: Progress) -> None:
        for name in services:
            if self.service(name).pid() is None:
                self.service(name).stop()
                ports.require_free(name, self.ports[name])
                self.start(name, [sys.executable, "-m", "ngao.run", str(self.home.config / f"{name}.toml")])
                progress(f"{name} is starting")
        for name in services:
            self._wait_for(name)
            progress(f"{name} is ready at {self.url(name)}")

    def _start_mailbox(self, progress: Progress) -> None:
        """Start a mail server that writes mail to files, unless the operator has configured a real one."""
        if configuration.own_settings_file(self.home, "notify").exists() or self.service("mailbox").pid() is not None:
            return
        self.start("mailbox", mail_server(self.home.mail, ports.LOCAL, self.ports["smtp"]))
        progress(f"a local mail server receives all mail at {ports.LOCAL}:{self.ports['smtp']}")

    def _mailbox_part(self) -> list[Part]:
        pid = self.service("mailbox").pid()
        return [Part("mailbox", pid, ready=True, address=f"smtp://{ports.LOCAL}:{self.ports['smtp']}")] if pid else []

    def _wait_for(self, name: str) -> None:
        process = self.service(name)
        if not process.becomes(lambda: readiness(self.url(name))[0], _READY_S, 0.2):
            what = "is not ready" if process.pid() else "ended"
            raise Unavailable(f"The service {name} {what}. Its log is {self.home.logs / f'{name}.log'}: {self._last_line(name)}")

    def _last_line(self, name: str) -> str:
        lines = (self.home.logs / f"{name}.log").read_text("utf-8", "replace").strip().splitlines()
        return lines[-1] if lines else "it is empty."

    def _service_part(self, name: str) -> Part:
        pid = self.service(name).pid()
        ready, warnings = readiness(self.url(name)) if pid else (False, ())
        return Part(name, pid, ready, self.url(name), warnings)


def _remedy(stopped: Sequence[str]) -> str:
    them = "it" if len(stopped) == 1 else "them"
    return f"Stopped: {', '.join(stopped)}. Run `ngao up` to start {them}." if stopped else ""


def chosen_services() -> tuple[str, ...]:
    """Return the services in NGAO_SERVICES, separated by commas or spaces: all if it is unset, none if it is empty."""
    text = os.environ.get("NGAO_SERVICES")
    if text is None:
        return SERVICES
    named = text.replace(",", " ").split()
    unknown = sorted(set(named) - set(SERVICES))
    if unknown:
        raise Misconfigured(f"NGAO_SERVICES names an unknown service: {unknown[0]}. Choose from {', '.join(SERVICES)}.")
    return tuple(name for name in SERVICES if name in named)


def readiness(url: str) -> tuple[bool, tuple[str, ...]]:
    """Return whether a service can work, and its warnings for an operator."""
    try:
        answer = requests.get(f"{url}/readyz", timeout=3, proxies={"http": ""})
        return answer.status_code == 200, tuple(answer.json().get("warnings", {}).values())
    except (requests.RequestException, ValueError, AttributeError):
        return False, ()
