"""Cleans up after a test run: when the run has ended for any reason, none of its processes is left.

The reaper is a process in a session of its own that waits for the end of a pipe. The kernel closes the pipe with the run, even
if the run is killed. Processes of tests are known by a variable in their environment, broker and database by their home.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ngao.deployment.polling import wait_until
from ngao.local.home import Home, python_environment
from ngao.local.platform import Platform

_MARK = "NGAO_TEST_RUN"
_PATIENCE_S = 10


@contextmanager
def reaped(folder: Path) -> Iterator[dict[str, str]]:
    """Reap the folder and every process started with the returned variables when this block, or the run, ends."""
    command = [sys.executable, "-m", __name__, str(folder)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True, env=python_environment()):
        yield {_MARK: str(folder)}


def marked(folder: Path) -> dict[int, str]:
    """Return the living processes that have these variables, with their command lines."""
    mark, found = f"{_MARK}={folder}".encode(), {}
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes().split(b"\0"):
                found[int(process.name)] = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue  # it has ended, or it belongs to another user
    return found


def sweep(folder: Path) -> list[str]:
    """End the marked processes. Return their command lines."""
    there = marked(folder)
    for number in (signal.SIGTERM, signal.SIGKILL):
        for pid in marked(folder):
            with suppress(ProcessLookupError):
                os.kill(pid, number)
        if wait_until(lambda: not marked(folder), _PATIENCE_S):
            break
    return list(there.values())


def main(folder: Path) -> None:
    """Wait for the end of the run, then clean up."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.stdin.read()
    for command in sweep(folder):
        sys.stderr.write(f"ngao: ended a process that the tests left behind: {command[:200]}\n")
    if folder.exists():
        Platform.at(Home(folder), for_tests=True).down(lambda _: None)
        shutil.rmtree(folder, ignore_errors=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
