"""nameko's container with our parts in it, started and stopped in an order that loses nothing."""

from __future__ import annotations

import threading
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
        self.spawn_managed_thread(self._measure)
        self.spawn_managed_thread(self._sweep)
        self.spawn_managed_thread(self._watch_audit)
        super().start()

    def _measure(self) -> None:
        """Set the gauges that no use case updates, and record when they were last set."""
        while True:
            if self.chassis.gauges.turn():
                self.chassis.metrics.measured.set_to_current_time()
            eventlet.sleep(OFTEN_S)

    def _sweep(self) -> None:
        """Run the periodic tasks. A task that fails is tried again at the next turn."""
        sweeps = [guarded(each, each.__name__) for each in self.chassis.sweeps]
        while True:
            for sweep in sweeps:
                sweep()
            eventlet.sleep(_SWEEP_EVERY)

    def _watch_audit(self) -> None:
        """Check the audit chains at intervals. A check that fails is tried again at the next turn."""
        turn = guarded(self.chassis.audit_watch.turn, "turn")
        while True:
            turn()
            eventlet.sleep(self.chassis.settings.audit.look_every_s)

    def stop(self) -> None:
        """Stop consuming, finish the running work, publish the committed events and disconnect. Each step has a time limit."""
        super().stop()
        self.chassis.relay.stop()
        self._relay.join(_FLUSH_WITHIN)
        self.chassis.close()

