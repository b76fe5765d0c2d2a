"""A service's application without its process, on a clock that a test moves: for what is done in time.

`python -m tests.support.forgetting SETTINGS.toml DAYS` lets it forget what is due in so many days, as a replica would.
"""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

from ngao.chassis.chassis import Chassis
from ngao.chassis.clock import SystemClock
from ngao.chassis.settings import load
from ngao.testing.clock import ManualClock
from ngao.testing.processes import World
from tests.support.auditing import audit_of
from tests.support.documents import service_class

ERASERS = ("erase", "erase_due")
"""The timers that erase what is past its time; each service has one of them, or a sweep."""


@dataclass
class Held:
    """One service's parts and its store."""

    chassis: Chassis
    app: Any
    clock: ManualClock

    def pass_days(self, days: float) -> None:
        """Let time pass, and the service do what it does now and then."""
        self.clock.advance(timedelta(days=days))
        self.sweep()

    def sweep(self) -> None:
        for each in self.chassis.sweeps:
            each()
        for timer in [getattr(self.app, name) for name in ERASERS if hasattr(self.app, name)]:
            inspect.unwrap(timer.__func__)(self.app)

    def gauge(self, what: str) -> float:
        """How many of a kind are overdue, as Prometheus would read it."""
        for asked in self.chassis.gauges._asked:
            asked.due = 0.0
        assert self.chassis.gauges.turn()
        return self.chassis.metrics.registry.get_sample_value("ngao_overdue", {"what": what}) or 0.0

    def audited(self, action: str) -> list[dict[str, Any]]:
        return list(audit_of(self.chassis).find({"action": action}))

    def records(self, collection: str, **found_by: Any) -> list[dict[str, Any]]:
        self.chassis.journal.move_all()
        return list(self.chassis.store.database[collection].find(found_by))


def built(settings: Path, days: float = 0) -> Held:
    chassis = Chassis(load(settings), clock := ManualClock(SystemClock().now() + timedelta(days=days)))
    return Held(chassis, _worker(chassis), clock)


def _worker(chassis: Chassis) -> Any:
    """The service as one of its workers sees it."""
    service = service_class(chassis.name)
    worker = service()
    worker.parts = service.open(chassis)
    return worker


@contextmanager
def opened(world: World, service: str, own: str = "", policy: tuple[Path, ...] = ()) -> Iterator[Held]:
    settings, _ = world.settings(service, own, policy)
    held = built(settings)
    yield held
    held.chassis.close()


if __name__ == "__main__":
    built(Path(sys.argv[1]), float(sys.argv[2])).sweep()
