"""What is done to the containers while reports come in: each a context manager, entered to break, left to mend."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from ngao.deployment.naming import SERVICES
from tests.compose.engine.deployment import STORES
from tests.compose.engine.docker import docker
from tests.compose.engine.site import Site
from tests.faults.engine.facts import Limits
from tests.faults.engine.rounds import Fault, Inject

CUT_S = 30.0
_WELL_S = 150.0


@contextmanager
def calm(_site: Site, _lot: random.Random) -> Iterator[None]:
    """Nothing happens: what the checker says of this round must always be good."""
    yield


def killed(service: str) -> Inject:
    """The engine kills the container, and somebody starts it; then its process is killed, and the engine starts it by itself."""

    @contextmanager
    def inject(site: Site, lot: random.Random) -> Iterator[None]:
        deployment = site.deployment
        time.sleep(lot.uniform(0, 1))
        docker("kill", deployment.one(service)["Id"])
        time.sleep(lot.uniform(0, 1))
        docker("start", deployment.one(service)["Id"])
        deployment.wait_until_well(_WELL_S)
        crash(deployment.one(service))
        yield
        deployment.wait_until_well(_WELL_S)

    return inject


def crash(container: dict[str, Any]) -> None:
    """End its first process with -9, past the engine."""
    os.kill(int(container["State"]["Pid"]), signal.SIGKILL)


def restarted(service: str) -> Inject:
    """As an operator restarts it: asked to end, given its time, started again."""

    @contextmanager
    def inject(site: Site, lot: random.Random) -> Iterator[None]:
        time.sleep(lot.uniform(0, 1))
        site.deployment.compose("restart", service)
        yield
        site.deployment.wait_until_well(_WELL_S)

    return inject


def cut_off(service: str) -> Inject:
    """Taken from every network while it runs, and put back under the names it had."""

    @contextmanager
    def inject(site: Site, _lot: random.Random) -> Iterator[None]:
        container = site.deployment.one(service)
        networks = container["NetworkSettings"]["Networks"]
        for name in networks:
            docker("network", "disconnect", name, container["Id"])
        try:
            yield
        finally:
            for name, attached in networks.items():
                aliases = [word for alias in attached["Aliases"] or [service] for word in ("--alias", alias)]
                docker("network", "connect", *aliases, name, container["Id"])

    return inject


@contextmanager
def scaled(site: Site, _lot: random.Random) -> Iterator[None]:
    """Three of referral share the work, and two of them leave again."""
    site.deployment.scale("referral", 3)
    site.deployment.wait_until_well(_WELL_S)
    yield
    site.deployment.scale("referral", 1)


@contextmanager
def rolling(site: Site, _lot: random.Random) -> Iterator[None]:
    """One service after the other ends well, within its time, and is replaced by a new container."""
    for service in SERVICES:
        old = site.deployment.one(service)["Id"]
        docker("stop", old)
        ended = site.deployment.one(service)["State"]["ExitCode"]
        if ended != 0:
            raise AssertionError(f"{service} did not end well when asked to: exit code {ended}")
        site.deployment.up("--no-deps", "--force-recreate", service)
        site.deployment.wait_until_well(_WELL_S)
    yield


_DOWN = Limits(answers_within=None, clears_within=200)  # intake is what is broken, or what it answers from
_AWAY = Limits(clears_within=200)

FAULTS = {fault.name: fault for fault in (
    Fault("calm", "nothing breaks", calm, lasts=6, limits=_AWAY),
    *(Fault(f"{service}-killed", f"{service} is killed twice: by the engine, and by a crash", killed(service), lasts=1,
            limits=_DOWN if service == "intake" else _AWAY) for service in SERVICES),
    Fault("broker-restarted", "the broker is restarted", restarted("broker"), lasts=1, limits=_AWAY),
    *(Fault(f"{store}-restarted", f"{store} is restarted", restarted(store), lasts=1,
            limits=_DOWN if store == "intake-store" else _AWAY) for store in STORES),
    Fault("referral-cut-off", f"referral is on no network for {CUT_S:.0f} s", cut_off("referral"), lasts=CUT_S, limits=_AWAY),
    Fault("referral-scaled", "three of referral run side by side, then one", scaled, lasts=5,
          limits=Limits(wire_repeats=0, clears_within=200)),
    Fault("rolling-restart", "each service ends and is replaced, one after the other", rolling, lasts=1, limits=_DOWN),
)}  # fmt: skip
