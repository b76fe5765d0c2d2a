"""An embedded RabbitMQ: a node, a cookie, a port mapper and files of its own, so that it never meets another broker."""

from __future__ import annotations

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from ngao.chassis.errors import Unavailable
from ngao.chassis.messaging.management import Management
from ngao.local.home import Home, write_whole
from ngao.local.ports import LOCAL, demand_free, is_open
from ngao.local.processes import Process
from ngao.local.waiting import wait_until

ADMINISTRATOR = "ngao-admin"
READY_S = 120

_CONFIGURATION = """\
listeners.tcp.local = {local}:{amqp}
management.tcp.ip = {local}
management.tcp.port = {management}
default_user = {user}
default_pass = {password}
disk_free_limit.absolute = 200MB
vm_memory_high_watermark.relative = 0.4
heartbeat = 20
"""


@dataclass(frozen=True)
class BrokerPorts:
    """AMQP, management, Erlang distribution, and Erlang's port mapper."""

    amqp: int
    management: int
    distribution: int
    mapper: int


@dataclass(frozen=True)
class LocalBroker:
    """The broker of one home."""

    home: Home
    ports: BrokerPorts

    @property
    def mapper(self) -> Process:
        """Erlang's port mapper, run by us: the one that Erlang would start by itself would outlive the broker."""
        return Process("epmd", self.home.run)

    @property
    def process(self) -> Process:
        """The broker itself."""
        return Process("rabbitmq", self.home.run)

    def start(self, program: Path) -> None:
        """Start what does not run. Raises Misconfigured, Unavailable."""
        self._configure()
        if self.mapper.pid() is None:
            demand_free("epmd", self.ports.mapper)
            self._start(self.mapper, [_epmd(), "-port", str(self.ports.mapper), "-address", LOCAL])
            wait_until(lambda: is_open(self.ports.mapper), 10)
        if self.process.pid() is None:
            self.process.stop()
            for name in ("amqp", "management", "distribution"):
                demand_free(name, getattr(self.ports, name))
            self._start(self.process, [str(program)])

    def wait(self) -> None:
        """Until it takes connections. Raises Unavailable when it ends first or takes too long."""
        management = self.management()
        ready = wait_until(lambda: self.process.pid() is None or management.is_listening(self.ports.amqp), READY_S, 0.3)
        management.close()
        if not ready or self.process.pid() is None:
            raise Unavailable(f"RabbitMQ did not start; its log is {self.home.logs / 'rabbitmq.log'}.")

    def stop(self) -> None:
        """Stop the broker, then the port mapper."""
        self.process.stop(60)
        self.mapper.stop(5)

    def management(self) -> Management:
        """The management interface as its administrator."""
        return Management(f"http://{LOCAL}:{self.ports.management}", ADMINISTRATOR, self.home.secret("broker-admin"))

    def _start(self, process: Process, command: list[str]) -> None:
        log = self.home.logs / f"{process.name}.log"
        process.start(command, log=log, environment=self._environment(), cwd=self.home.rabbitmq)

    def _configure(self) -> None:
        values = {"amqp": self.ports.amqp, "management": self.ports.management, "local": LOCAL}
        text = _CONFIGURATION.format(user=ADMINISTRATOR, password=self.home.secret("broker-admin"), **values)
        write_whole(self.home.rabbitmq / "rabbitmq.conf", text)
        write_whole(self.home.rabbitmq / "enabled_plugins", "[rabbitmq_management].\n")

    def _environment(self) -> dict[str, str]:
        folder = self.home.rabbitmq
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("RABBITMQ_", "ERL_"))}
        return {
            **kept,
            "HOME": str(folder),  # the Erlang cookie is kept here
            "ERL_EPMD_PORT": str(self.ports.mapper),
            "ERL_EPMD_ADDRESS": LOCAL,
            "RABBITMQ_NODENAME": f"ngao-{hashlib.sha256(str(self.home.root).encode()).hexdigest()[:8]}@localhost",
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "none.conf"),  # not the system broker's
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(folder / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_DIST_PORT": str(self.ports.distribution),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RUNNING_UNDER_SYSTEMD": "yes",  # the script becomes the broker, so that the pid we know is the broker's
        }


def _epmd() -> str:
    found = shutil.which("epmd") or next((str(path) for path in Path("/usr/lib/erlang").glob("erts-*/bin/epmd")), None)
    if found is None:
        raise Unavailable("Erlang's port mapper epmd is missing, though RabbitMQ is installed.")
    return found
