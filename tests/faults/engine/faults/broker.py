"""The broker ends, stops, blocks, cuts a connection, or loses a binding."""

from __future__ import annotations

import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager

from ngao.broker.management import Management
from ngao.deployment.naming import SERVICES
from ngao.testing.waiting import eventually
from tests.faults.engine.facts import Limits
from tests.faults.engine.faults.services import CROSSES_WITHIN_S
from tests.faults.engine.rounds import Fault, Inject
from tests.faults.engine.site import Site

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
def connection_cut(site: Site, lot: random.Random) -> Iterator[None]:
    """One consumer's connection is closed by the broker while its process holds a delivery: committed, not acknowledged."""
    service = lot.choice(SERVICES)
    process, management = site.services[service], site.stage.management
    site.orders(service).give("stop-before-ack", lot.randint(1, 3))
    eventually(process.is_stopped, within=CROSSES_WITHIN_S, what=f"{service} to stop before an acknowledgement")

    def holding() -> list[str]:
        channels = [each for each in management.get("channels") or () if each.get("messages_unacknowledged")]
        owners = {each["connection_details"]["name"] for each in channels}
        return [name for name, owner in _consumers(management) if name in owners and owner.startswith(f"{service}.")]

    for name in eventually(holding, what=f"the broker to list what {service} holds")[:1]:
        management.delete("connections", name)
    process.signal(signal.SIGCONT)
    yield


def _consumers(management: Management) -> list[tuple[str, str]]:
    """Each consumer's connection: the broker's name for it, and the one that its process gave it."""
    listed = management.get("connections") or ()
    named = [(each["name"], each.get("client_properties", {}).get("connection_name", "")) for each in listed]
    return [(name, given) for name, given in named if ".consumer" in given and not given.endswith(".retry")]


@contextmanager
def connections_cut(site: Site, _lot: random.Random) -> Iterator[None]:
    """All consumers' connections are closed by the broker while messages are being handled."""
    management = site.stage.management
    for name, _ in eventually(lambda: _consumers(management), what="the broker to list connections"):
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
          alarm(("set_disk_free_limit", "900000GB"), ("set_disk_free_limit", "200MB")), lasts=6),
    Fault("memory-alarm", "the broker's memory alarm blocks every publish",
          alarm(("set_vm_memory_high_watermark", "0.00001"), ("set_vm_memory_high_watermark", "0.4")), lasts=6),
    Fault("connection-cut", "one consumer's connection is cut with a delivery un-acknowledged", connection_cut, lasts=1,
          limits=Limits(answers_within=None)),
    Fault("connections-cut", "all consumers' connections are cut at once", connections_cut, lasts=1),
    Fault("binding-deleted", "the only queue for an event is unbound, then bound again", binding_deleted(*CLOSED)),
    Fault("one-of-three-bindings", "one of three queues for an event is unbound, then bound again", binding_deleted(*SHARED)),
]  # fmt: skip
