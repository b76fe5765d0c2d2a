"""Processor time, database commands and context switches a report: what a ratio is made of.

On a busy machine they change less than seconds do, but they change: groups grow. At a low rate each command and each
message is paid for alone, so a report costs several times as much as at the peak, and this is where latency is measured.
"""

from __future__ import annotations

import os
import re
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from bench.contenders.runners import SERVICES, Driven, Run
from bench.durability import beam
from bench.stage import Stage

Client = MongoClient[dict[str, Any]]
_TICK = os.sysconf("SC_CLK_TCK")
_COMMANDS = ("find", "aggregate", "insert", "update", "delete", "findAndModify", "commitTransaction")
_SWITCHES = re.compile(r"ctxt_switches:\s*(\d+)")
_LOOK_S, _QUIET, _QUIET_WITHIN_S = 0.25, 0.2, 20.0


@dataclass(frozen=True)
class Reading:
    """What the processes and the database have used until a moment: seconds by process, switches by thread."""

    at: float
    seconds: dict[str, float]
    switches: dict[str, int]
    commands: int

    @classmethod
    def of(cls, pids: dict[str, int], client: Client) -> Reading:
        """Read it from /proc and from mongod."""
        counted = client.admin.command("serverStatus")["metrics"]["commands"]
        commands = sum(int(counted[name]["total"]) for name in _COMMANDS)
        switches = {thread: count for pid in pids.values() for thread, count in switches_of(pid).items()}
        return cls(time.monotonic(), {name: seconds_of(pid) for name, pid in pids.items()}, switches, commands)

    def a_second(self, before: Reading) -> dict[str, float]:
        """Return what was used a second."""
        return self.since(before, self.at - before.at, {})

    def since(self, before: Reading, count: float, others: Mapping[str, float]) -> dict[str, float]:
        """Return milliseconds of each process and of `all`, and `commands` and `switches`, each divided by `count`.

        `others` is what was used a second, meanwhile, for something else.
        """
        spent = {name: 1000 * (now - before.seconds[name]) / count for name, now in self.seconds.items()}
        switches = sum(now - before.switches.get(thread, 0) for thread, now in self.switches.items())
        shared = {"commands": (self.commands - before.commands) / count, "switches": switches / count}
        used, lasted = {**spent, "all": sum(spent.values()), **shared}, (self.at - before.at) / count
        return {name: amount - others.get(name, 0.0) * lasted for name, amount in used.items()}


class Meter:
    """Measures what the contenders of a stage use.

    The platform's timers make the stores work while other contenders are measured: that is taken off these contenders' cost.
    """

    def __init__(self, stage: Stage, platform: Driven, seconds: float) -> None:
        self._stage, self._platform = stage, platform
        services = self._services(platform)
        stores = {"mongod": stage.platform.mongo.process.pid(), "broker": stage.platform.broker.process.pid()}
        self._stores = {name: beam(pid) for name, pid in stores.items() if pid}
        self.idle = self._second(services | self._stores, seconds)
        """A second in which no report comes: timers, heartbeats, the stores' own work."""
        with_timers = self._second(self._stores, seconds)
        with _frozen(services.values()):
            without = self._second(self._stores, seconds)
        self.timers = {name: max(0.0, used - without[name]) for name, used in with_timers.items()}
        """What the stores use in a second for the platform's timers alone."""

    def of(self, contender: Driven, work: Callable[[], Run]) -> tuple[Run, dict[str, float]]:
        """Return the run, and what a report of it costs, until its last event has been handled."""
        with Client(self._stage.mongo_uri) as client:
            pids = self._processes(contender)
            before = Reading.of(pids, client)
            run = work()
            self.wait_until_quiet(contender)
            others = {} if contender is self._platform else self.timers
            return run, Reading.of(pids, client).since(before, len(run.posts), others)

    def wait_until_quiet(self, contender: Driven) -> None:
        """Wait until it uses less than a fifth of a core: events that no partner receives are handled after the last offer."""
        pids = self._processes(contender).values()
        end, spent = time.monotonic() + _QUIET_WITHIN_S, sum(map(seconds_of, pids))
        while time.monotonic() < end:
            time.sleep(_LOOK_S)
            before, spent = spent, sum(map(seconds_of, pids))
            if spent - before < _QUIET * _LOOK_S:
                return

    def _second(self, pids: dict[str, int], seconds: float) -> dict[str, float]:
        with Client(self._stage.mongo_uri) as client:
            before = Reading.of(pids, client)
            time.sleep(seconds)
            return Reading.of(pids, client).a_second(before)

    def _processes(self, contender: Driven) -> dict[str, int]:
        return self._services(contender) | self._stores

    def _services(self, contender: Driven) -> dict[str, int]:
        own: dict[str, int | None] = {name: process.pid for name, process in zip(SERVICES, contender.processes, strict=False)}
        found = own or {name: self._stage.platform.service(name).pid() for name in SERVICES}
        return {name: pid for name, pid in found.items() if pid}


@contextmanager
def _frozen(pids: Iterable[int]) -> Iterator[None]:
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def seconds_of(pid: int) -> float:
    """Return the processor seconds, user and system, of this process and of the children it has waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return sum(int(each) for each in fields[11:15]) / _TICK


def switches_of(pid: int) -> dict[str, int]:
    """Return the context switches, voluntary and involuntary, of each living thread; those of ended threads are lost."""
    found = {}
    for status in Path(f"/proc/{pid}/task").glob("*/status"):
        with suppress(OSError):  # the thread has ended
            found[status.parent.name] = sum(int(each) for each in _SWITCHES.findall(status.read_text("utf-8")))
    return found
