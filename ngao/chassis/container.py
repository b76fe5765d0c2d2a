"""nameko's container with our parts in it, started and stopped in an order that loses nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial
from typing import Any

import eventlet
from nameko import config
from nameko.containers import ServiceContainer

from ngao.chassis.chassis import Chassis
from ngao.chassis.measuring import OFTEN_S
from ngao.chassis.messaging.consumer import Consumes
from ngao.chassis.messaging.preflight import require_broker
from ngao.chassis.timers import guarded

_WORKERS = 256
_FLUSH_WITHIN = 10.0
_SWEEP_EVERY = 300.0


class Container(ServiceContainer):
    """Runs one service class; its entrypoints find `chassis` and `parts` here."""

    def __init__(self, service_cls: type, chassis: Chassis, parts: Any) -> None:
        config.setup({"max_workers": _WORKERS})
        self.chassis = chassis
        self.parts = parts
        self._relay = threading.Thread(target=chassis.relay.run, name="relay", daemon=True)
        self._clerk = threading.Thread(target=chassis.clerk.run, name="clerk", daemon=True)
        super().__init__(service_cls)

    def await_broker(self) -> None:
        """Wait, bounded, until the broker has every queue that this service consumes. Raises Misconfigured, Unavailable."""
        chassis = self.chassis
        heard = [entrypoint for entrypoint in self.entrypoints if isinstance(entrypoint, Consumes)]
        for edge in (False, True):
            here = [each.queue for entrypoint in heard if entrypoint.edge is edge for each in entrypoint.subscriptions()]
            queues = sorted([*here, f"{chassis.name}.dead"]) if here else []
            names = chassis.edge_names() if edge and here else None
            chassis.patience.until(partial(require_broker, chassis.settings.broker, edge=edge, queues=queues, names=names))

    def start(self) -> None:
        """Publish the events that an earlier run left in the outbox, then consume messages and answer requests."""
        self._relay.start()
        self._clerk.start()
        chassis = self.chassis
        self._repeat(OFTEN_S, self._measure)
        self._repeat(_SWEEP_EVERY, *(guarded(each, each.__name__) for each in chassis.sweeps))
        self._repeat(chassis.settings.audit.look_every_s, guarded(chassis.audit_watch.turn, "turn"))
        super().start()

    def _repeat(self, every_s: float, *works: Callable[[], object]) -> None:
        """Run tasks at intervals, in a thread of their own. A guarded task that fails is tried again at the next turn."""

        def run() -> None:
            while True:
                for work in works:
                    work()
                eventlet.sleep(every_s)

        self.spawn_managed_thread(run)

    def _measure(self) -> None:
        """Set the gauges that no use case updates, and record when they were last set."""
        if self.chassis.gauges.turn():
            self.chassis.metrics.measured.set_to_current_time()

    def stop(self) -> None:
        """Stop consuming, finish the running work, publish and chain what is committed, and disconnect; each within a limit."""
        super().stop()
        self.chassis.relay.stop()
        self.chassis.clerk.stop()
        self._relay.join(_FLUSH_WITHIN)
        self._clerk.join(_FLUSH_WITHIN)
        self.chassis.close()
