"""One deployment of this checkout: a copy of it in a folder of its own, its own secrets, ports, image and project name.

What it does on the host is what `docs/how-to/deploy.md` tells an operator to do, in the same order.
"""

from __future__ import annotations

import os
import random
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ngao.deployment.atomic_files import merge_variables, read_variables
from ngao.deployment.naming import SERVICES, store_of
from ngao.deployment.polling import wait_until
from ngao.testing.processes import ROOT
from tests.compose.engine import docker
from tests.compose.engine.docker import PREFIX, Tell, call

STORES = tuple(store_of(service) for service in SERVICES)
GATES = ("edge", "desk", "mail-gate")
LASTING = ("broker", *STORES, *SERVICES, *GATES)
_PORTS = (
    "NGAO_PORT_EDGE_AMQP", "NGAO_PORT_EDGE_HTTP", "NGAO_PORT_EDGE_PARTNERS", "NGAO_PORT_EDGE_CONSOLE", "NGAO_PORT_DESK_INTAKE",
    "NGAO_PORT_DESK_REFERRAL", "NGAO_PORT_DESK_NOTIFY", "NGAO_PORT_DESK_REGISTRY", "NGAO_PORT_DESK_CONSOLE",
    "NGAO_PORT_DESK_MANAGEMENT", "NGAO_PORT_PROMETHEUS", "NGAO_PORT_GRAFANA",
)  # fmt: skip
_NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv", ".venv.lock", ".ngao", ".env", "secrets", "backups", "__pycache__", "build.log", ".*_cache", ".hypothesis"
)
_LABEL = "com.docker.compose"


def free_ports(count: int) -> list[int]:
    """Ports below those that this machine gives to outgoing connections, so that nobody takes one while we are down."""
    found: list[int] = []
    while len(found) < count:
        port = random.SystemRandom().randrange(20000, 32000)
        with socket.socket() as probe:
            if port not in found and probe.connect_ex(("127.0.0.1", port)):
                found.append(port)
    return found


@dataclass
class Deployment:
    """`folder` is thrown away with it; `checkout` in it is where an operator would stand."""

    folder: Path
    tell: Tell
    project: str = field(default_factory=lambda: f"{PREFIX}{secrets.token_hex(3)}")

    def __post_init__(self) -> None:
        self.checkout = self.folder / "ngao"
        self.secrets = self.checkout / "secrets"
        self.image = f"ngao/platform:{self.project}"
        self._compose = docker.compose_command()

    # An operator's steps

    def copy(self) -> None:
        """What git would hand over, and what is being worked on here; nothing that an operator has made here."""
        shutil.copytree(ROOT, self.checkout, ignore=_NOT_COPIED)
        ports = dict(zip(_PORTS, map(str, free_ports(len(_PORTS))), strict=True))
        self.configure(COMPOSE_PROJECT_NAME=self.project, NGAO_IMAGE=self.image, NGAO_APPROVALS="single", **ports)

    def configure(self, **values: str) -> None:
        """Lines of `.env`."""
        file = self.checkout / ".env"
        text = file.read_text("utf-8") if file.exists() else ""
        file.write_text(merge_variables(text, values), "utf-8")

    def build(self) -> None:
        """The services' image; and stand-ins for the others where no registry is reachable."""
        if has_registry():
            self.compose("build", within=900)
            self.compose("pull", "broker", "edge", "intake-store", within=900)
            return
        self.tell("no image registry is reachable: the images are built here")
        call(str(self.checkout / "deploy" / "images" / "build.sh"), within=1200, cwd=self.checkout, env=self.environment())

    def init_secrets(self) -> str:
        return self.ngao("secrets", "init")

    def compose(self, *words: str, within: float = 400, check: bool = True) -> str:
        """Run compose; gives all it says."""
        done = call(*self._compose, *words, within=within, check=check, cwd=self.checkout, env=self.environment())
        return done.stdout + done.stderr

    def up(self, *words: str) -> float:
        """`up -d`; gives the seconds it took."""
        began = time.monotonic()
        self.compose("up", "-d", *words)
        return time.monotonic() - began

    def up_mail(self) -> None:
        """The mail catcher of the demonstration, without its partner and source."""
        self.compose("--profile", "demo", "up", "-d", "--no-deps", "mail")

    def down(self, *words: str, check: bool = True) -> None:
        """With the mail catcher, which stands on a network that is to go."""
        self.compose("--profile", "demo", "down", *words, check=check)

    def scale(self, service: str, count: int) -> None:
        self.up("--no-deps", "--no-recreate", "--scale", f"{service}={count}", service)

    def ngao(self, *words: str, check: bool = True) -> str:
        """The operator's command on this host, with what `secrets init` wrote for it."""
        known = read_variables(self.secrets / "operator" / "ngao.env")
        environment = {**self.environment(), **known, "PYTHONPATH": str(self.checkout), "NGAO_HOME": str(self.folder / "home")}
        command = (sys.executable, "-W", "ignore", "-m", "ngao.cli", *words)
        done = call(*command, cwd=self.checkout, env=environment, check=check)
        return done.stdout + done.stderr

    def environment(self) -> dict[str, str]:
        """Ours without what would overrule the deployment's own `.env`."""
        return {name: value for name, value in os.environ.items() if not name.startswith(("NGAO_", "COMPOSE_"))}

    def variables(self) -> dict[str, str]:
        """The lines of `.env`."""
        return read_variables(self.checkout / ".env")

    def port(self, name: str) -> int:
        """A published port, such as `EDGE_AMQP`."""
        return int(self.variables()[f"NGAO_PORT_{name}"])

    def remove(self) -> None:
        """Everything of it that the engine holds; never raises, whatever is half done."""
        self.down("--volumes", "--remove-orphans", "--timeout", "5", check=False)
        mine = f"label={_LABEL}.project={self.project}"
        for listed, removed in (("ps -aq", "rm -f"), ("network ls -q", "network rm"), ("volume ls -q", "volume rm -f")):
            for each in docker.docker(*listed.split(), "--filter", mine, check=False).split():
                docker.docker(*removed.split(), each, check=False)
        docker.docker("image", "rm", "-f", self.image, check=False)

    # What the engine says of it

    def ids(self, service: str = "", *, running: bool = False) -> list[str]:
        """The containers of a service, or of all."""
        filters = [f"label={_LABEL}.project={self.project}"] + ([f"label={_LABEL}.service={service}"] if service else [])
        words = [word for each in filters for word in ("--filter", each)]
        return docker.docker("ps", "-q" if running else "-aq", "--no-trunc", *words).split()

    def containers(self, service: str = "") -> list[dict[str, Any]]:
        """All that the engine knows of them."""
        return docker.inspect(*self.ids(service))

    def one(self, service: str) -> dict[str, Any]:
        """The only container of a service."""
        (found,) = self.containers(service)
        return found

    def address(self, service: str, network: str) -> str:
        """Where a container stands in one of the networks; empty while it does not run."""
        networks: Mapping[str, Any] = self.one(service)["NetworkSettings"]["Networks"]
        return str(networks.get(self.network(network), {}).get("IPAddress") or "")

    def network(self, name: str) -> str:
        return f"{self.project}_{name}"

    def sick(self) -> list[str]:
        """Services that should run and do not, or whose health check fails."""
        found = [(service_of(each), state_of(each)) for each in self.containers()]
        ill = {service for service, state in found if service in LASTING and state not in {"healthy", "running"}}
        return sorted(ill | (set(LASTING) - {service for service, _ in found}))

    def wait_until_well(self, within: float = 120) -> None:
        """Until nothing is sick."""
        if not wait_until(lambda: not self.sick(), within, 0.5):
            raise AssertionError(f"not well after {within:.0f} s: {', '.join(self.sick())}")


    def last_words(self) -> list[str]:
        """The state of each container that is not well, and the end of its log."""
        found = []
        for each in self.containers():
            service, state = service_of(each), state_of(each)
            if service in LASTING and state not in {"healthy", "running"}:
                found.append(f"{service} is {state}, exit code {each['State']['ExitCode']}, {each['RestartCount']} restarts")
                found += [f"    {line}" for line in self.log(service).splitlines()[-12:]]
        return found or ["every container is well"]

    def log(self, service: str) -> str:
        """All that its containers have said, on both streams in the order in which they said it."""
        said = [call("docker", "logs", each, check=False, stderr=subprocess.STDOUT) for each in self.ids(service)]
        return "".join(each.stdout for each in said)


def service_of(container: Mapping[str, Any]) -> str:
    return str(container["Config"]["Labels"][f"{_LABEL}.service"])


def state_of(container: Mapping[str, Any]) -> str:
    """`healthy` where there is a health check, else `running`, else what is wrong."""
    state = container["State"]
    return str(state["Health"]["Status"] if state["Running"] and "Health" in state else state["Status"])


def has_registry() -> bool:
    """Whether the public images can be had; the smallest is tried."""
    image = os.environ.get("HAPROXY_IMAGE", "haproxy:2.8")
    return call("docker", "pull", "--quiet", image, check=False, within=300).returncode == 0
