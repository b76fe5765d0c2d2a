"""Fork service processes on request, as `ngao.testing.warmed` asks: `python -m ngao.testing.forks DESCRIPTOR`.

A request is a message on a Unix socket: what to run as JSON, and two descriptors, a log and a pipe that gets the exit code.
"""

from __future__ import annotations

import gc
import json
import logging
import os
import runpy
import signal
import socket
import sys
import tempfile
import traceback
from collections.abc import Mapping
from importlib import import_module
from typing import Any, NoReturn

from ngao.deployment.naming import SERVICES
from ngao.testing.warmed import NUMBER_BYTES

_REQUEST_BYTES = 64 * 1024
_DESCRIPTORS = 1024
_RUN = "ngao.run"
_waitpid, _write = os.waitpid, os.write  # eventlet's own ones would wait in a hub, which children must not share


class _Forks:
    """The side that forks, and that reports how each process has ended."""

    def __init__(self, line: socket.socket) -> None:
        self._line = line
        self._running: dict[int, int] = {}

    def serve(self) -> None:
        """Fork at each request, until the line is closed; then kill what still runs."""
        signal.signal(signal.SIGCHLD, self._collect)
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches the tests, too, which end what they have started
        while True:
            request, handed, _, _ = socket.recv_fds(self._line, _REQUEST_BYTES, 2)
            if not request:
                break
            log, end = handed
            signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGCHLD])
            pid = os.fork()
            if pid == 0:
                _become(log, json.loads(request))
            os.close(log)
            self._running[pid] = end
            signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
            self._line.send(pid.to_bytes(NUMBER_BYTES))
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
        for pid in self._running:
            os.kill(pid, signal.SIGKILL)

    def _collect(self, *_: object) -> None:
        for pid in list(self._running):
            ended, status = _waitpid(pid, os.WNOHANG)
            if ended:
                end = self._running.pop(pid)
                _write(end, os.waitstatus_to_exitcode(status).to_bytes(NUMBER_BYTES, signed=True))
                os.close(end)


def _become(log: int, request: Mapping[str, Any]) -> NoReturn:
    """Run the module in the child, as a process of its own would, and end."""
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.closerange(3, _DESCRIPTORS)
    import_module(_RUN).eventlet.hubs.use_hub()  # a new one: the hub that was imported waits for a descriptor closed here
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGCHLD])
    os.environ.clear()
    os.environ.update(request["environment"])
    tempfile.tempdir = None
    sys.argv[1:] = request["arguments"]
    code: object = 1
    try:
        runpy.run_module(request["module"], run_name="__main__", alter_sys=True)
    except SystemExit as ended:
        code = ended.code
    except BaseException:  # noqa: BLE001 - the child has to end here, whatever it was
        traceback.print_exc()
    else:
        code = 0
    finally:
        logging.shutdown()
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code if isinstance(code, int) else int(code is not None))


def _main() -> None:
    line = socket.socket(fileno=int(sys.argv[1]))  # before eventlet puts its own class in place
    import_module(_RUN)
    for service in SERVICES:
        import_module(f"services.{service}.service")
    gc.freeze()  # so that a collection in a child does not copy what it shares with us
    _Forks(line).serve()


if __name__ == "__main__":
    _main()
