"""What travels on the engine's bridges, written down with tcpdump and searched."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Self

import pytest

from ngao.testing.waiting import eventually
from tests.compose.engine.docker import Tell, call

_SNAP = "262144"


def need_tcpdump(tell: Tell) -> None:
    """Have it, from Debian's packages where it is missing; skips loudly where it cannot be had."""
    if shutil.which("tcpdump"):
        return
    tell("installing tcpdump with apt-get")
    options = {"env": {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}, "within": 300, "check": False}
    call("apt-get", "-qq", "update", **options)
    call("apt-get", "-qq", "install", "-y", "--no-install-recommends", "tcpdump", **options)
    if not shutil.which("tcpdump"):
        pytest.skip("THE WIRE WAS NOT LOOKED AT: tcpdump is not here and cannot be installed")


class Capture:
    """Every TCP packet to, from or between the given networks, on every interface of this host, while it is entered."""

    def __init__(self, file: Path, networks: Iterable[str]) -> None:
        self.file = file
        self._filter = f"tcp and ({' or '.join(f'net {each}' for each in networks)})"

    def __enter__(self) -> Self:
        log = self.file.with_suffix(".log")
        with log.open("wb") as said:
            command = ["tcpdump", "-i", "any", "-n", "-U", "-s", _SNAP, "-B", "16384", "-w", str(self.file), self._filter]
            self._process = subprocess.Popen(command, stderr=said, start_new_session=True)
        eventually(lambda: "listening on" in log.read_text("utf-8", "replace"), what="tcpdump to listen")
        return self

    def __exit__(self, *_: object) -> None:
        time.sleep(1)  # what the kernel has counted and tcpdump has not read yet
        self._process.send_signal(signal.SIGINT)
        self._process.wait(30)

    def packets(self, port: int) -> int:
        """How many were to or from a port: a capture that missed a hop shows nothing of it."""
        return call("tcpdump", "-n", "-r", str(self.file), "-q", "port", str(port)).stdout.count("\n")

    def found(self, patterns: Iterable[bytes]) -> set[bytes]:
        """Which of these it holds."""
        content = self.file.read_bytes()
        return {each for each in patterns if each in content}
