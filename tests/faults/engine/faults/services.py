"""A service is killed, at a named point or anywhere; frozen; run twice; or has a wrong clock."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from ngao.deployment.naming import SERVICES
from ngao.local.ports import free_port
from ngao.testing.processes import ServiceProcess
from ngao.testing.waiting import eventually
from tests.faults.engine.facts import Limits
from tests.faults.engine.orders import POINTS, Orders
from tests.faults.engine.rounds import Fault, Inject
from tests.faults.engine.site import Site
from tests.support.coalition import OF_CASES

PAST_LEASE_S = 14.0
CROSSES_WITHIN_S = 60.0
"""Until a service has crossed a point four times: some seconds of this load, or a minute where the machine is overrun."""
TWO_DAYS_S = 2 * 86400
_HOLDING = ("in-transaction", "before-publish", "after-publish", "before-ack")
"""Points at which a process has something that somebody else will take over."""


@contextmanager
def calm(_site: Site, _lot: random.Random) -> Iterator[None]:
    """Nothing happens: what the checker says of this round must always be good."""
    yield


def killed(service: str) -> Inject:
    """-9 at a moment of the lot's choice, twice."""

    @contextmanager
    def inject(site: Site, lot: random.Random) -> Iterator[None]:
        for _ in range(2):
            time.sleep(lot.uniform(0, 1))
            site.kill(service)
            time.sleep(lot.uniform(0, 0.5))
            site.revive(service)
        yield

    return inject


def away(service: str) -> Inject:
    """-9, and nothing comes in its place while the fault lasts: what the service is not needed for must not notice."""

    @contextmanager
    def inject(site: Site, _lot: random.Random) -> Iterator[None]:
        site.kill(service)
        yield

    return inject


def killed_at(point: str) -> Inject:
    """-9 in every service that cases go through, when it crosses the point, at a crossing of the lot's choice.

    Each is started again as soon as it has ended, because the others get less to do, or nothing, while it is away.
    """

    @contextmanager
    def inject(site: Site, lot: random.Random) -> Iterator[None]:
        for service in OF_CASES:
            site.orders(service).give(f"kill-{point}", lot.randint(1, 4))
        alive = set(OF_CASES)

        def all_have_ended() -> bool:
            for service in sorted(alive):
                if site.services[service].has_ended():
                    site.revive(service, ready=False)
                    alive.remove(service)
            return not alive

        eventually(all_have_ended, within=CROSSES_WITHIN_S, what=f"every service to cross {point}")
        yield

    return inject


def frozen(service: str) -> Inject:
    """Stopped with work in its hands until its leases are over, while a second process of it works on; then it wakes."""

    @contextmanager
    def inject(site: Site, lot: random.Random) -> Iterator[None]:
        with second(site, service):
            site.orders(service).give(f"stop-{lot.choice(_HOLDING)}", lot.randint(1, 3))
            eventually(site.services[service].is_stopped, within=CROSSES_WITHIN_S, what=f"{service} to stop at its point")
            time.sleep(PAST_LEASE_S)
            site.services[service].signal(signal.SIGCONT)
            yield

    return inject


@contextmanager
def second(site: Site, service: str) -> Iterator[ServiceProcess]:
    """Another process of a service, on a port of its own; everything else is shared."""
    first = site.services[service]
    kept = first.settings.read_text()
    other = first.settings.with_name(f"{service}-second.toml")
    port = free_port()
    other.write_text(kept.replace(f"port = {first.port}\n", f"port = {port}\n", 1))
    process = ServiceProcess(other, port, first.module)
    for name, value in site.stage.orders.items():
        Orders.of(other).give(name, value)
    process.start(ready=False)
    try:
        site.ready(process)
        yield process
    finally:
        process.stop()


@contextmanager
def two_processes(site: Site, _lot: random.Random) -> Iterator[None]:
    """Every service runs twice; nothing breaks, and nothing may be said twice."""
    with ExitStack() as running:
        for service in SERVICES:
            running.enter_context(second(site, service))
        yield


def clock_off(seconds: float) -> Inject:
    """Every service's clock is wrong by so much, and then right again."""

    @contextmanager
    def inject(site: Site, _lot: random.Random) -> Iterator[None]:
        for service in SERVICES:
            site.orders(service).give("clock", seconds)
        yield
        for service in SERVICES:
            site.orders(service).take_back("clock")

    return inject


@contextmanager
def answer_lost(site: Site, _lot: random.Random) -> Iterator[None]:
    """Each service's store commits, and the service never hears of it."""
    for service in SERVICES:
        site.orders(service).give("lose-answer", 2)
    yield


_FROZEN_OK = Limits(answers_within=None)

FAULTS = [
    Fault("calm", "nothing breaks", calm, limits=Limits(wire_repeats=0)),
    Fault("two-processes", "two processes of each service share the work", two_processes, limits=Limits(wire_repeats=0)),
    *(Fault(f"killed-{service}", f"{service} is killed twice with -9", killed(service), lasts=1.0) for service in SERVICES),
    *(Fault(f"killed-{point}", f"each service is killed with -9 {point.replace('-', ' ', 1)}", killed_at(point), lasts=1.0)
      for point in POINTS),
    *(Fault(f"frozen-{service}", f"{service} is frozen past its lease while its twin works on, and wakes", frozen(service),
            lasts=1.0, limits=_FROZEN_OK) for service in OF_CASES),
    Fault("console-away", "console is killed with -9 and stays away", away("console"), limits=Limits(wire_repeats=0)),
    Fault("answer-lost", "the store commits, its answer is lost", answer_lost),
    Fault("clock-fast", "all clocks run two days ahead, then right again", clock_off(TWO_DAYS_S)),
    Fault("clock-slow", "all clocks run two days behind, then right again", clock_off(-TWO_DAYS_S)),
]  # fmt: skip

