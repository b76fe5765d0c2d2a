"""Processor time a report, by process: what a ratio is made of, and nearly the same on a busy machine as on a quiet one."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

from bench.contenders.runners import SERVICES, OverHttp
from bench.stage import Stage

_TICK = os.sysconf("SC_CLK_TCK")
_REPORTS = 200


def of(stage: Stage, contender: OverHttp) -> dict[str, float]:
    """Milliseconds a report: each service, `mongod`, `broker`, and `all` together."""
    pids = _processes(stage, contender)
    return _during(pids, _REPORTS, lambda: contender.through(_REPORTS))


def _processes(stage: Stage, contender: OverHttp) -> dict[str, int]:
    stores = {"mongod": stage.platform.mongo.process.pid(), "broker": stage.platform.broker.process.pid()}
    own: dict[str, int | None] = {name: process.pid for name, process in zip(SERVICES, contender.processes, strict=False)}
    if not own:
        own = {name: stage.platform.service(name).pid() for name in SERVICES}
    return {name: pid for name, pid in {**own, **stores}.items() if pid}


def _during(pids: dict[str, int], count: int, work: Callable[[], object]) -> dict[str, float]:
    before = {name: _spent(pid) for name, pid in pids.items()}
    work()
    time.sleep(0.5)
    spent = {name: 1000 * (_spent(pid) - before[name]) / count for name, pid in pids.items()}
    return {**spent, "all": sum(spent.values())}


def _spent(pid: int) -> float:
    """Seconds of this process and of the children it has waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return sum(int(each) for each in fields[11:15]) / _TICK
