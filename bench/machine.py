"""The machine and the versions, so that numbers from another one are not compared with these."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

_PACKAGES = ("nameko", "kombu", "amqp", "eventlet", "pymongo", "mongoengine", "marshmallow", "cryptography")


def described(stage_folder: Path) -> dict[str, Any]:
    """Return processor, memory, disk, kernel, versions, and the load at the beginning."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "processor": _found("/proc/cpuinfo", r"model name\s*:\s*(.+)"),
        "cores": os.cpu_count(),
        "memory_gib": round(int(_found("/proc/meminfo", r"MemTotal:\s*(\d+)") or 0) / 2**20),
        "disk": _disk(stage_folder),
        "kernel": platform.release(),
        "python": platform.python_version(),
        "load": os.getloadavg(),
        "commit": _said(["git", "rev-parse", "--short", "HEAD"]),
        "packages": {name: version(name) for name in _PACKAGES},
    }


def _found(file: str, pattern: str) -> str:
    match = re.search(pattern, Path(file).read_text("utf-8"))
    return match.group(1).strip() if match else ""


def _disk(folder: Path) -> str:
    return " ".join(_said(["df", "--output=fstype,size", "-h", str(folder)]).split()[-2:])


def _said(command: list[str]) -> str:
    done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=Path(__file__).parent)
    return done.stdout.strip()
