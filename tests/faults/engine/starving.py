"""How long intake stood ready to run while the machine ran others: a bound on answers holds for the time that it was given.

The kernel counts it (`/proc/<pid>/schedstat`, second field, nanoseconds; the kernel's Documentation/scheduler/sched-stats).
Only the process that answers is measured: a broker or a store that is starved excuses nothing, since intake must refuse then.
"""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Self

from tests.faults.engine.site import Site

_EVERY_S = 0.1


class Starving:
    """Samples `(moment, seconds of waiting for a processor since the round began)` while it is entered."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._pid, self._last, self._total = 0, 0, 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self.samples: list[tuple[float, float]] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(5)

    def _run(self) -> None:
        while not self._ended.wait(_EVERY_S):
            self._look()

    def _look(self) -> None:
        process = self._site.services["intake"].process
        waited = _waited_ns(process.pid) if process is not None else None
        if process is None or waited is None:
            return
        known = self._last if process.pid == self._pid else 0  # a new process has waited for its own start
        self._total += waited - known
        self._pid, self._last = process.pid, waited
        self.samples.append((time.time(), self._total / 1e9))


def _waited_ns(pid: int) -> int | None:
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1])
    except (OSError, IndexError, ValueError):
        return None  # it has ended this moment, or this kernel does not count
