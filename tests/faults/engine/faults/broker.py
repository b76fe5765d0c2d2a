"""The broker ends, stops, blocks, cuts a connection, or loses a binding."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager

from tests.faults.engine.rounds import Fault, Inject
from tests.faults.engine.site import Site
from tests.support.waiting import eventually

CLOSED = ("intake.referral.case.opened.v1", "referral.case.opened.v1")
"""A queue that is the only one for its event, and the event's type."""
SHARED = ("referral.intake.report.accepted.v1", "intake.report.accepted.v1")
"""A queue that is one of three for its event: the broker returns nothing as long as another is bound."""


@contextmanager
def killed(site: Site, lot: random.Random) -> Iterator[None]:
    """-9 under load, then a restart on the same files."""
    time.sleep(lot.uniform(0, 1))
    site.kill_broker()
    yield
    site.start_broker()


@contextmanager
def app_stopped(site: Site, _lot: random.Random) -> Iterator[None]:
    """`stop_app`: the node is there, the broker in it is not."""
    site.ctl("stop_app")
    try:
        yield
    finally:
        site.ctl("start_app")


def alarm(command: tuple[str, ...], mended: tuple[str, ...]) -> Inject:
    """The broker takes no publishes any more, and says so only by silence."""

    @contextmanager
    def inject(site: Site, _lot: random.Random) -> Iterator[None]:
        site.ctl(*command)
        try:
            yield
        finally:
            site.ctl(*mended)

    return inject


@contextmanager
def connections_cut(site: Site, _lot: random.Random) -> Iterator[None]:
    """All consumers' connections are closed by the broker while messages are being handled."""
    management = site.stage.management

    def consumers() -> list[str]:
        listed = management.get("connections") or []
        return [each["name"] for each in listed if "consumer" in each.get("client_properties", {}).get("connection_name", "")]

    for name in eventually(consumers, what="the broker to list connections"):
        management.delete("connections", name)
    yield


def binding_deleted(queue: str, event_type: str) -> Inject:
    """A queue is unbound from its events and bound again."""

    @contextmanager
    def inject(site: Site, _lot: random.Random) -> Iterator[None]:
        line = site.stage.line
        bindings = [(queue, f"routine.{event_type}"), (f"{queue}.urgent", f"urgent.{event_type}")]
        for name, key in bindings:
            line.unbind(name, "events", key)
        try:
            yield
        finally:
            for name, key in bindings:
                line.bind(name, "events", key)

    return inject


FAULTS = [
    Fault("broker-killed", "the broker is killed with -9 under load and started again", killed),
    Fault("broker-app-stopped", "the broker's application is stopped and started", app_stopped),
    Fault("disk-alarm", "the broker's disk alarm blocks every publish",
          alarm(("set_disk_free_limit", "900TB"), ("set_disk_free_limit", "200MB")), lasts=6),
    Fault("memory-alarm", "the broker's memory alarm blocks every publish",
          alarm(("set_vm_memory_high_watermark", "0.00001"), ("set_vm_memory_high_watermark", "0.4")), lasts=6),
    Fault("connections-cut", "consumers' connections are cut with deliveries un-acknowledged", connections_cut, lasts=1),
    Fault("binding-deleted", "the only queue for an event is unbound, then bound again", binding_deleted(*CLOSED)),
    Fault("one-of-three-bindings", "one of three queues for an event is unbound, then bound again", binding_deleted(*SHARED)),
]  # fmt: skip
