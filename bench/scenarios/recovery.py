"""B10: under load a service, the broker, the database are killed and started again: how long until latency is what it was."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from typing import Any

from bench.clock import say
from bench.contenders.runners import OverHttp, Run
from bench.numbers import percentile
from bench.stage import Stage
from ngao.deployment.polling import wait_until
from ngao.local import binaries
from ngao.local.home import REPOSITORY
from ngao.local.platform import readiness
from ngao.local.processes import Process

BEFORE_S, DOWN_S, WINDOW_S = 8.0, 2.0, 1.0
_UP_S, _FACTOR = 60, 1.5
_TAKES_S = {"broker": 14.0}
"""What a start takes is not what is measured: the load must outlast it."""


def of(stage: Stage, contender: OverHttp, rate: float, seconds: float, seed: int) -> dict[str, Any]:
    """Inject each fault in turn, under a load that retries refused reports, as sources do."""
    parts: dict[str, tuple[Process, Callable[[], None]]] = {
        "referral": (stage.platform.service("referral"), lambda: _start_service(stage, "referral")),
        "broker": (stage.platform.broker.process, lambda: _start_broker(stage)),
        "database": (stage.platform.mongo.process, lambda: _start_database(stage)),
    }
    found = {}
    for name, (process, start) in parts.items():
        longer = seconds + _TAKES_S.get(name, 0)
        found[name] = _one(contender, rate, longer, seed, process=process, start=start)
        say(f"B10 {name}: back {found[name]['back_after_s']} s after it was up")
    return found


def _one(
    contender: OverHttp, rate: float, seconds: float, seed: int, *, process: Process, start: Callable[[], None]
) -> dict[str, Any]:
    runs: list[Run] = []
    load = threading.Thread(target=lambda: runs.append(contender.at_rate(rate, seconds, seed)))
    began = time.monotonic()
    load.start()
    time.sleep(BEFORE_S)
    pid = process.pid()
    if pid is not None:
        os.kill(pid, signal.SIGKILL)
    killed = time.monotonic()
    time.sleep(DOWN_S)
    start()
    up = time.monotonic()
    load.join()
    return _told(runs[0], began, killed, up) if runs else {"back_after_s": None, "missing": -1}


def _told(run: Run, began: float, killed: float, up: float) -> dict[str, Any]:
    due = sorted((post.due, run.offers[post.case_ref] - post.due) for post in run.posts if post.case_ref in run.offers)
    # What was under way when it was killed belongs to the fault, not to before.
    before = [took for at, took in due if began + 1 < at < killed - 1]
    usual = percentile(before, 0.99)
    windows: list[dict[str, float]] = []
    at = began
    while at < due[-1][0]:
        inside = [took for moment, took in due if at <= moment < at + WINDOW_S]
        if inside:
            windows.append({"at": at - began, "p50": percentile(inside, 0.5), "p99": percentile(inside, 0.99)})
        at += WINDOW_S
    late = [each["at"] + WINDOW_S for each in windows if each["at"] + began + WINDOW_S > killed and each["p99"] > _FACTOR * usual]
    back = max(0.0, max(late, default=0.0) - (up - began))
    still = bool(late) and late[-1] > windows[-1]["at"]
    return {
        "usual_p99": usual, "killed": killed - began, "up": up - began, "back_after_s": None if still else round(back, 1),
        "missing": run.missing, "retried": sum(post.tries > 1 for post in run.posts), "count": len(run.posts), "windows": windows,
    }  # fmt: skip


def _start_service(stage: Stage, name: str) -> None:
    process = stage.platform.service(name)
    process.stop()
    command = [sys.executable, "-m", "ngao.run", str(stage.home.config / f"{name}.toml")]
    process.start(command, log=stage.home.logs / f"{name}.log", environment=stage.environment(), cwd=REPOSITORY)
    wait_until(lambda: readiness(stage.platform.url(name))[0], _UP_S, 0.05)


def _start_broker(stage: Stage) -> None:
    stage.platform.broker.start(binaries.rabbitmq_server(say))
    stage.platform.broker.wait()


def _start_database(stage: Stage) -> None:
    stage.platform.mongo.start(binaries.mongod(say))
    stage.platform.mongo.wait()
