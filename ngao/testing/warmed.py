"""Start service processes by fork from a process that has imported the platform already: imports are most of a start.

A child runs its module as `python -m MODULE ARGUMENTS` does. Tests start hundreds of services; nothing else starts them so.
"""

from __future__ import annotations

import atexit
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

NUMBER_BYTES = 4
"""How many bytes a process id or an exit code has on the way between the two."""


class WarmedProcess:
    """A process that was forked, with the methods of `subprocess.Popen` that tests use."""

    def __init__(self, pid: int, end: int) -> None:
        self.pid, self._end = pid, end
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return its exit code, negative for a signal, or None while it runs."""
        return self._ended(0)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end. Raises subprocess.TimeoutExpired."""
        code = self._ended(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(f"process {self.pid}", timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        """Send a signal, unless it has ended."""
        if self.poll() is None:
            with suppress(ProcessLookupError):  # it has ended since; that is known a moment later
                os.kill(self.pid, number)

    def terminate(self) -> None:
        """Send SIGTERM, unless it has ended."""
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """Send SIGKILL, unless it has ended."""
        self.send_signal(signal.SIGKILL)

    def _ended(self, within_s: float | None) -> int | None:
        if self.returncode is None and select.select([self._end], [], [], within_s)[0]:
            code = os.read(self._end, NUMBER_BYTES)
            os.close(self._end)
            self.returncode = int.from_bytes(code, signed=True) if code else -signal.SIGKILL
        return self.returncode


class Warmed:
    """The process that forks (`ngao.testing.forks`). It ends, with its children, when the process that uses it ends."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._lock = threading.Lock()
        self._line: socket.socket | None = None

    def start(
        self, module: str, arguments: Sequence[str], log: IO[bytes], more: Mapping[str, str] | None = None
    ) -> WarmedProcess:
        """Run a module in a new process that writes its output to `log`; `more` are further variables.

        The process that forks is started at first use, and again after its end: a test that ends all processes of
        its run may have ended it, too. Raises ChildProcessError.
        """
        environment = {**os.environ, "PYTHONPATH": str(self._root), **(more or {})}
        request = json.dumps({"module": module, "arguments": list(arguments), "environment": environment}).encode()
        end, ending = os.pipe()
        with self._lock:
            try:
                line = self._line or self._open()
                socket.send_fds(line, [request], [log.fileno(), ending])
            except BrokenPipeError:
                line = self._open()
                socket.send_fds(line, [request], [log.fileno(), ending])
            os.close(ending)
            pid = int.from_bytes(line.recv(NUMBER_BYTES))
        if not pid:
            raise ChildProcessError("The process that starts services has ended.")
        return WarmedProcess(pid, end)

    def _open(self) -> socket.socket:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        command = [sys.executable, "-W", "ignore", "-m", "ngao.testing.forks", str(theirs.fileno())]
        environment = {**os.environ, "PYTHONPATH": str(self._root)}
        process = subprocess.Popen(command, cwd=self._root, env=environment, pass_fds=[theirs.fileno()])
        theirs.close()
        atexit.register(process.wait, 20)
        atexit.register(ours.close)  # runs first
        self._line = ours
        return ours
