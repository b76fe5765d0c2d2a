"""The environment of contender P2: made once from `requirements.lock`, beside the platform's own and never in it."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from bench.clock import say
from ngao.local.binaries import cache

_LOCK = Path(__file__).with_name("requirements.lock")


def faststream_python() -> str:
    """Return the Python that has FastStream, which is installed with hashes on first use."""
    folder = cache() / f"bench-{hashlib.sha256(_LOCK.read_bytes()).hexdigest()[:12]}"
    python, whole = folder / "bin" / "python", folder / "whole"
    if not whole.exists():
        say("installing FastStream in an environment of its own")
        shutil.rmtree(folder, ignore_errors=True)
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
        quietly = [str(python), "-m", "pip", "--disable-pip-version-check", "install", "--quiet", "--require-hashes"]
        subprocess.run([*quietly, "-r", str(_LOCK)], check=True)
        whole.touch()
    return str(python)
