"""What stands in the way of a start: one sentence that names it, an exit code that is not 0, and no hammering."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from ngao.deployment.waiting import wait_until
from tests.compose.engine.deployment import Deployment, service_of
from tests.compose.engine.docker import Tell, docker
from tests.compose.engine.site import Site

pytestmark = [pytest.mark.compose, pytest.mark.timeout(400)]
MISCONFIGURED = 78


def test_without_secrets_nothing_starts_and_one_sentence_says_what_to_do(site: Site, folder: Path, tell: Tell) -> None:
    bare = Deployment(folder / "bare", tell)
    try:
        bare.copy()
        for name in ("NGAO_IMAGE", "RABBITMQ_IMAGE", "MONGO_IMAGE", "HAPROXY_IMAGE"):
            if name in site.deployment.variables():
                bare.configure(**{name: site.deployment.variables()[name]})
        with pytest.raises(RuntimeError):
            bare.up()
        said = bare.log("check").strip().splitlines()
        assert len(said) == 1, said
        assert "secrets init" in said[0]
        started = {service_of(each) for each in bare.containers() if each["State"]["StartedAt"] > "0002"}
        assert started == {"check"}
    finally:
        bare.remove()


@dataclass(frozen=True)
class Trouble:
    """Something wrong in a running deployment: what is done, in which file, and what the sentence must name."""

    file: str
    change: Callable[[str], str | None]
    named: str


TROUBLES = {
    "a wrong password": Trouble("secrets/notify/broker.password", lambda _: "wrong\n", "password"),
    "a missing secret": Trouble("secrets/notify/store.password", lambda _: None, "store.password"),
    "an unreadable key": Trouble("secrets/notify/keys/lookup.key", lambda _: "none\n", "lookup.key"),
    "an error in a policy": Trouble("deploy/policy/notifications.yaml", lambda text: f"{text}\nunheard_of: 1\n", "unheard_of"),
}


@pytest.mark.parametrize("what", TROUBLES)
def test_a_service_with(site: Site, what: str) -> None:
    """It ends with the code for a wrong configuration, is tried again more and more rarely, and works once it is mended."""
    trouble, deployment = TROUBLES[what], site.deployment
    with changed(deployment.checkout / trouble.file, trouble.change):
        docker("restart", "--time", "40", deployment.one("notify")["Id"])
        said_before = len(deployment.log("notify"))
        assert wait_until(lambda: deployment.one("notify")["RestartCount"] >= 2, 60, 1), "it was not tried again"
        notify = deployment.one("notify")
        said = deployment.log("notify")[said_before:].strip().splitlines()
        assert notify["State"]["ExitCode"] == MISCONFIGURED
        assert trouble.named in said[-1]
        assert not any("Traceback" in line for line in said)
        assert notify["RestartCount"] < 8
    deployment.wait_until_well(150)


@contextmanager
def changed(file: Path, change: Callable[[str], str | None]) -> Iterator[None]:
    """Another content, or none, under the same owner and mode; afterwards the old one."""
    kept = file.read_text("utf-8")
    new = change(kept)
    aside = file.with_name(f".{file.name}.aside")
    if new is None:
        file.rename(aside)
    else:
        file.write_text(new, "utf-8")
    try:
        yield
    finally:
        if new is None:
            aside.rename(file)
        else:
            file.write_text(kept, "utf-8")


def test_a_port_that_is_taken_is_named(site: Site) -> None:
    deployment = site.deployment
    port = deployment.port("EDGE_HTTP")
    docker("stop", deployment.one("edge")["Id"])
    try:
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("0.0.0.0", port))  # noqa: S104  # as a stranger's server would
            taken.listen()
            with pytest.raises(RuntimeError, match=str(port)):
                deployment.up("--no-deps", "edge")
    finally:
        deployment.up("--no-deps", "edge")
        deployment.wait_until_well()
