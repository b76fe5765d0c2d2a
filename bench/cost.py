"""Processor time a report, by process, and database commands: what a ratio is made of, and nearly the same on a busy machine.

Contention makes every process's time longer, so contenders take turns and the median is kept.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from pymongo import MongoClient

from bench.contenders.runners import SERVICES, OverHttp
from bench.stage import Stage

_TICK = os.sysconf("SC_CLK_TCK")
_REPORTS, _TURNS = 200, 3
_COMMANDS = ("find", "aggregate", "insert", "update", "delete", "findAndModify", "commitTransaction")


def of(stage: Stage, contenders: Sequence[OverHttp]) -> dict[str, dict[str, float]]:
    """Measure a report by contender: milliseconds of each process and of `all`, and how many `commands` the database ran."""
    turns: dict[str, list[dict[str, float]]] = {each.name: [] for each in contenders}
    for _ in range(_TURNS):
        for each in contenders:
            turns[each.name].append(_one(stage, each))
    return {name: {part: statistics.median(one[part] for one in own) for part in own[0]} for name, own in turns.items()}


def _one(stage: Stage, contender: OverHttp) -> dict[str, float]:
    with MongoClient[dict[str, Any]](stage.mongo_uri) as client:
        before = _commands(client)
        spent = _during(_processes(stage, contender), _REPORTS, lambda: contender.through(_REPORTS))
        return {**spent, "commands": (_commands(client) - before) / _REPORTS}


def _commands(client: MongoClient[dict[str, Any]]) -> int:
    counted = client.admin.command("serverStatus")["metrics"]["commands"]
    return sum(int(counted[name]["total"]) for name in _COMMANDS)


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
    """Return the processor seconds of this process and of the children it has waited for."""
    fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
    return sum(int(each) for each in fields[11:15]) / _TICK
