"""Runs a service under test: `python -m tests.faults.engine.service SETTINGS.toml`. No line of this is in production code.

It wraps functions of the chassis, so that the process can be ended at a named point, an answer be lost after its commit, or
the clock be wrong; and it can break one promise on purpose (see `mutants`), to prove that the checker would notice.
"""

from __future__ import annotations

import ngao.run  # patches first  # isort: skip

import os
import signal
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from ngao.chassis import chassis as chassis_module
from ngao.chassis.clock import SystemClock
from ngao.chassis.errors import Unavailable
from ngao.chassis.messaging import relay
from ngao.chassis.messaging.consuming import Consumer
from ngao.chassis.messaging.settling import Settling
from ngao.chassis.storage.committer import GroupCommitter
from ngao.chassis.storage.journal import Journal
from tests.faults.engine import mutants
from tests.faults.engine.orders import Orders


class SkewedClock(SystemClock):
    """The machine's clock and an error that may change at any time; `orders` holds the seconds."""

    orders: Orders

    def __init__(self) -> None:
        self._looked, self._error = 0.0, timedelta(0)

    def now(self) -> datetime:
        if time.monotonic() - self._looked > 0.1:
            self._looked = time.monotonic()
            self._error = timedelta(seconds=float(self.orders.read("clock") or 0))
        return super().now() + self._error


def wrap(orders: Orders) -> None:
    """Put the fault points in."""

    def at(point: str) -> None:
        for order, number in (("kill", signal.SIGKILL), ("stop", signal.SIGSTOP)):
            if orders.count_down(f"{order}-{point}"):
                os.kill(os.getpid(), number)

    _crash_on(orders)
    _lose_answers(orders)
    for owner, name, before, after in _POINTS:
        _around(owner, name, at, before, after)
    SkewedClock.orders = orders
    chassis_module.SystemClock = SkewedClock  # type: ignore[misc]


_POINTS: tuple[tuple[type, str, str, str], ...] = (
    (GroupCommitter, "_apply", "", "in-transaction"),
    (GroupCommitter, "_write", "before-commit", "after-commit"),
    (relay.Relay, "_publish", "before-publish", ""),
    (Settling, "settle", "after-publish", ""),
    (Consumer, "_handle", "in-handler", ""),
    (Consumer, "_settle", "before-ack", ""),
    (Journal, "_move_in", "", "in-move"),
)
"""Methods, and the points that are crossed before and after them."""


def _around(owner: type, name: str, at: Callable[[str], None], before: str, after: str) -> None:
    method = getattr(owner, name)

    def wrapped(self: Any, *args: Any) -> Any:
        at(before)
        result = method(self, *args)
        at(after)
        return result

    setattr(owner, name, wrapped)


def _lose_answers(orders: Orders) -> None:
    write = GroupCommitter._write

    def written(self: Any, units: Any) -> Any:
        entries = write(self, units)
        if orders.count_down("lose-answer"):
            raise Unavailable("the answer was lost on its way")
        return entries

    GroupCommitter._write = written  # type: ignore[method-assign]


def _crash_on(orders: Orders) -> None:
    handle = Consumer._handle

    def handled(self: Any, items: Any) -> None:
        wanted = orders.read("crash-on")
        if wanted and any(item.event is not None and item.event.subject == wanted for item in items):
            os.kill(os.getpid(), signal.SIGKILL)
        handle(self, items)

    Consumer._handle = handled  # type: ignore[method-assign]


def shorten_lease(seconds: float) -> None:
    """What a dead process held is taken over sooner; the production lease is kept where there is time for it."""
    relay.LEASE = timedelta(seconds=seconds)


def main(settings: str) -> int:
    """Run until SIGTERM."""
    path = Path(settings)
    orders = Orders.of(path)
    mutant = orders.read("mutant")
    if mutant:
        {**mutants.MUTANTS, **mutants.LEAKS}[mutant].apply()
    lease = orders.read("lease")
    if lease:
        shorten_lease(float(lease))
    wrap(orders)
    return ngao.run.main([settings])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
