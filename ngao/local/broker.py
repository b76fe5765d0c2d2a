"""An embedded RabbitMQ. Its node, cookie, port mapper and files are its own, so that it never meets another broker."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from ngao.broker.management import Management
from ngao.chassis.errors import Unavailable
from ngao.deployment.atomic_files import write_whole
from ngao.deployment.naming import ADMINISTRATOR
from ngao.deployment.polling import wait_until
from ngao.local.binaries import cache, reason_of
from ngao.local.home import Home
from ngao.local.ports import LOCAL, is_open, require_free
from ngao.local.processes import STORE_ENDS_WITHIN_S, Process

READY_S = 120

_CONFIGURATION = """\
listeners.tcp.local = {local}:{amqp}
management.tcp.ip = {local}
management.tcp.port = {management}
prometheus.tcp.ip = {local}
prometheus.tcp.port = {metrics}
default_user = {user}
default_pass = {password}
disk_free_limit.absolute = 200MB
vm_memory_high_watermark.relative = 0.4
heartbeat = 20
max_message_size = 2097152
channel_max = 128
"""
_PLAIN = re.compile(r"[A-Za-z0-9_./@+:=-]+")
# Only queues without a leader. A queue declared a moment ago has a leader, though the statistics do not show it yet.
# A member that was never started is started as the broker does it at startup.
_ELECT = """\
Silent = [{Q, element(1, amqqueue:get_pid(Q))} || Q <- rabbit_amqqueue:list(), amqqueue:get_type(Q) =:= rabbit_quorum_queue,
  ra_leaderboard:lookup_leader(element(1, amqqueue:get_pid(Q))) =:= undefined],
[rabbit_quorum_queue:recover(amqqueue:get_vhost(Q), [Q]) || {Q, Name} <- Silent, whereis(Name) =:= undefined],
[ra:trigger_election({Name, node()}) || {_, Name} <- Silent],
length(Silent).
"""


@dataclass(frozen=True)
class LocalBroker:
    """The broker of one home. `ports` are `amqp`, `management`, `metrics`, `distribution`, and `epmd`, Erlang's port mapper."""

    home: Home
    ports: Mapping[str, int]

    @property
    def mapper(self) -> Process:
        """Erlang's port mapper, started by us: one started by Erlang would outlive the broker."""
        return Process("epmd", self.home.run)

    @property
    def process(self) -> Process:
        """The process of the broker."""
        return Process("rabbitmq", self.home.run)

    def start(self, program: Path) -> None:
        """Start the parts that do not run. Raises Misconfigured, Unavailable."""
        self._configure()
        if self.mapper.pid() is None:
            require_free("epmd", self.ports["epmd"])
            self._start(self.mapper, [_epmd(), "-port", str(self.ports["epmd"]), "-address", LOCAL])
            wait_until(lambda: is_open(self.ports["epmd"]), 10)
        if self.process.pid() is None:
            self.process.stop()
            for name in ("amqp", "management", "metrics", "distribution"):
                require_free(name, self.ports[name])
            self._start(self.process, [str(program)])

    def wait(self) -> None:
        """Wait until the broker accepts connections. Raises Unavailable if it ends first or takes too long."""
        with closing(self.management()) as management:
            ready = self.process.becomes(lambda: management.is_listening(self.ports["amqp"]), READY_S, 0.3)
        if not ready:
            raise Unavailable(f"RabbitMQ did not start. Its log is {self.home.logs / 'rabbitmq.log'}.")

    def wake_queues(self, program: Path) -> int:
        """Make queues without a leader elect one. Return their number. Raises Unavailable.

        If a queue's declaration is interrupted, RabbitMQ keeps a quorum queue without a leader, even after a restart.
        It looks declared, but its clients hang. An election does not change its content.
        """
        with closing(self.management()) as management:
            silent = [queue["name"] for queue in management.get("queues") or () if "state" not in queue]
        if not silent:
            return 0
        command = [str(program.with_name("rabbitmqctl")), "--quiet", "eval", _ELECT]
        try:
            done = subprocess.run(
                command, check=False, capture_output=True, text=True, env=self._environment(), cwd=self.home.rabbitmq, timeout=60
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            raise Unavailable(f"{len(silent)} queues have no leader, and rabbitmqctl failed ({type(error).__name__}).") from None
        if done.returncode:
            raise Unavailable(f"{len(silent)} queues have no leader, and the election failed: {reason_of(done)}")
        return int(done.stdout.strip())

    def stop(self, patience_s: float = STORE_ENDS_WITHIN_S) -> None:
        """Stop the broker, then the port mapper."""
        self.process.stop(patience_s)
        self.mapper.stop(5)

    def management(self) -> Management:
        """Return the management interface as its administrator."""
        return Management(f"http://{LOCAL}:{self.ports['management']}", ADMINISTRATOR, self.home.secret("broker-admin"))

    def _start(self, process: Process, command: list[str]) -> None:
        log = self.home.logs / f"{process.name}.log"
        process.start(command, log=log, environment=self._environment(), cwd=self.home.rabbitmq)

    def _configure(self) -> None:
        password = self.home.secret("broker-admin")
        text = _CONFIGURATION.format(user=ADMINISTRATOR, password=password, local=LOCAL, **self.ports)
        write_whole(self.home.rabbitmq / "rabbitmq.conf", text)
        write_whole(self.home.rabbitmq / "enabled_plugins", "[rabbitmq_management,rabbitmq_prometheus].\n")

    def _environment(self) -> dict[str, str]:
        folder = self.home.rabbitmq
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("RABBITMQ_", "ERL_"))}
        return {
            **kept,
            "HOME": str(folder),  # the folder of the Erlang cookie
            "ERL_EPMD_PORT": str(self.ports["epmd"]),
            "ERL_EPMD_ADDRESS": LOCAL,
            "RABBITMQ_NODENAME": f"{self._name}@localhost",
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "none.conf"),  # not the system broker's
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(self._plain_folder() / "data"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_PID_FILE": str(folder / "pid"),
            "RABBITMQ_DIST_PORT": str(self.ports["distribution"]),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RUNNING_UNDER_SYSTEMD": "yes",  # the script then execs the broker, so that the pid we know is the broker's
        }

    @property
    def _name(self) -> str:
        return f"ngao-{hashlib.sha256(str(self.home.root).encode()).hexdigest()[:8]}"

    def _plain_folder(self) -> Path:
        """Return its folder under a path without spaces: the broker asks `df` for free disk in a shell, and does not quote."""
        folder, link = self.home.rabbitmq, cache() / "homes" / self._name
        if _PLAIN.fullmatch(str(folder)) or not _PLAIN.fullmatch(str(link)):
            return folder
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink() or link.readlink() != folder:
            link.unlink(missing_ok=True)
            link.symlink_to(folder)
        return link


def _epmd() -> str:
    found = shutil.which("epmd") or next((str(path) for path in Path("/usr/lib/erlang").glob("erts-*/bin/epmd")), None)
    if found is None:
        raise Unavailable("Erlang's port mapper epmd is missing, though RabbitMQ is installed. Reinstall RabbitMQ.")
    return found
