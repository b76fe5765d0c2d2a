"""Proof that a contender is durable: how often broker and database wait for the disk during fifty operations."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable
from typing import Any

from bench.stage import Stage

OPERATIONS = 50
_CALLS = re.compile(r"^\s*[\d.]+\s+[\d.]+\s+\d+\s+(\d+)\s+(?:\d+\s+)?(fsync|fdatasync)$", re.MULTILINE)


def counted(stage: Stage, work: Callable[[int], object]) -> dict[str, Any]:
    """Count the syncs of mongod and of the broker while `work(50)` runs. The result is empty if there is no strace."""
    if not shutil.which("strace"):
        return {}
    parts = {"mongod": stage.platform.mongo.process.pid(), "broker": stage.platform.broker.process.pid()}
    idle = _during(parts, lambda: time.sleep(1))
    found = _during(parts, lambda: work(OPERATIONS))
    return {"operations": OPERATIONS, "idle_a_second": idle, **found}


def _during(parts: dict[str, int | None], work: Callable[[], object]) -> dict[str, int]:
    command = ["strace", "-c", "-f", "-e", "trace=fsync,fdatasync", "-p"]
    tracers = {
        name: subprocess.Popen([*command, str(beam(pid))], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
        for name, pid in parts.items()
        if pid
    }
    time.sleep(0.7)
    try:
        work()
    finally:
        for tracer in tracers.values():
            tracer.send_signal(signal.SIGINT)
    texts = {name: tracer.communicate(timeout=20)[1] for name, tracer in tracers.items()}
    return {name: sum(int(calls) for calls, _ in _CALLS.findall(text)) for name, text in texts.items()}


def beam(pid: int) -> int:
    """Return the process of the virtual machine: RabbitMQ's script may have become it, or have it as a child."""
    done = subprocess.run(["pgrep", "-P", str(pid), "beam"], check=False, capture_output=True, text=True)  # noqa: S607
    children = [int(each) for each in done.stdout.split()]
    return (children or [pid])[0]
