"""What stands in the way of a start: one sentence that names it, an exit code that is not 0, and no hammering."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ngao.testing.waiting import eventually
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
        with pytest.raises(RuntimeError) as failed:
            bare.up()
        # The engine puts the lines of both streams in one log, in no order that it promises.
        (said,) = eventually(lambda: sentences(bare), what=f"the log of the check; {failed.value}")
        assert "There are no secrets" in said
        assert "run `bin/ngao secrets init`" in said
        assert bare.one("check")["State"]["ExitCode"] != 0
        started = {service_of(each) for each in bare.containers() if each["State"]["StartedAt"] > "0002"}
        assert started == {"check"}
    finally:
        bare.remove()


def sentences(bare: Deployment) -> list[str]:
    return [line for line in bare.log("check").splitlines() if line.startswith("ngao: ")]


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
        notify = eventually(lambda: _ended_again(deployment), within=90, what="notify to be tried again and to end")
        said = deployment.log("notify")[said_before:].splitlines()
        assert notify["State"]["ExitCode"] == MISCONFIGURED
        assert trouble.named in said[-1]
        assert {line.split(" ", 2)[0] for line in said} == {"Cannot"}, said
        assert notify["RestartCount"] < 8
    deployment.wait_until_well(150)


def _ended_again(deployment: Deployment) -> dict[str, Any] | None:
    """Notify between two starts, once it was started by the engine itself twice."""
    notify = deployment.one("notify")
    return notify if notify["RestartCount"] >= 2 and notify["State"]["Status"] == "restarting" else None


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
