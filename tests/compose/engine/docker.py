"""The container engine: found, installed or started, and asked. No line here knows what runs on it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ngao.testing.waiting import eventually

Tell = Callable[[str], None]
PACKAGES = ("docker.io", "docker-compose", "iptables", "debootstrap")
_CONFIGURATION = {"DEBIAN_FRONTEND": "noninteractive"}


PREFIX = "ngaotest"
"""How the names of all test deployments begin."""


class NoEngine(Exception):
    """There is no container engine here and none can be had; the message says why."""


def call(*command: str, within: float = 120, check: bool = True, **options: Any) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; one that fails is told with the last of what it said. Ctrl-C ends us, not it."""
    done = subprocess.run(
        command, timeout=within, check=False, text=True, errors="replace", start_new_session=True,
        **{"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **options},
    )  # fmt: skip
    if check and done.returncode:
        said = (done.stderr or done.stdout).strip().splitlines()[-12:]
        raise RuntimeError(f"`{' '.join(command[:6])}` ended with {done.returncode}: {chr(10).join(said)}")
    return done


def docker(*words: str, within: float = 120, check: bool = True) -> str:
    """Ask the engine; gives what it says."""
    return call("docker", *words, within=within, check=check).stdout.strip()


def inspect(*names: str) -> list[dict[str, Any]]:
    """All the engine knows of containers, images or networks."""
    return list(json.loads(docker("inspect", *names))) if names else []


def answers() -> bool:
    """Whether an engine is there and takes orders from us."""
    return shutil.which("docker") is not None and call("docker", "info", check=False, within=30).returncode == 0


def compose_command() -> list[str]:
    """Compose v2 where there is one, else 1.29."""
    if call("docker", "compose", "version", check=False).returncode == 0:
        return ["docker", "compose"]
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    raise NoEngine("docker is here and compose is not: install docker-compose or the compose plugin")


@contextmanager
def engine(tell: Tell, folder: Path) -> Iterator[None]:
    """An engine that answers; one that was started here is stopped at the end. Raises NoEngine."""
    if answers():
        yield
        return
    if os.geteuid() != 0:
        raise NoEngine("no container engine answers, and only root could install or start one")
    if shutil.which("dockerd") is None:
        _install(tell)
    tell("starting dockerd, to be stopped at the end")
    with (folder / "dockerd.log").open("wb") as log:
        daemon = subprocess.Popen(["dockerd"], stdout=log, stderr=log, start_new_session=True)
    try:
        try:
            eventually(lambda: answers() or daemon.poll() is not None, within=60, what="dockerd to answer")
        except AssertionError as error:
            raise NoEngine(str(error)) from None
        if daemon.poll() is not None:
            raise NoEngine(f"dockerd does not start here: {_last_line(folder / 'dockerd.log')}")
        _remove_remains()
        yield
    finally:
        daemon.terminate()
        daemon.wait(60)


def _remove_remains() -> None:
    """What an interrupted run has left: its networks would take the addresses that this run needs."""
    for kind, listed in (("container", ("ps", "--all")), ("network", ("network", "ls"))):
        named = docker(*listed, "--quiet", "--filter", f"name={PREFIX}").split()
        if named:
            docker(kind, "rm", *(["--force"] if kind == "container" else []), *named)


def _install(tell: Tell) -> None:
    if shutil.which("apt-get") is None:
        raise NoEngine("there is no container engine here, and no apt-get to install one with")
    tell(f"installing {', '.join(PACKAGES)} with apt-get")
    environment = {**os.environ, **_CONFIGURATION}
    try:
        call("apt-get", "-qq", "update", within=300, env=environment)
        call("apt-get", "-qq", "install", "-y", "--no-install-recommends", *PACKAGES, within=600, env=environment)
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        raise NoEngine(f"apt-get cannot install an engine here: {error}") from None


def _last_line(file: Path) -> str:
    lines = file.read_text("utf-8", "replace").strip().splitlines()
    return lines[-1] if lines else "it says nothing"
