"""The network holds back the rest of a frame: the service goes on with everything else."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ngao.testing.broker import Line, provision
from ngao.testing.processes import ServiceProcess, World
from ngao.testing.waiting import eventually
from tests.support.told import HEARD, HEARS, heard

MARK = b"the rest of this frame comes late"


class Holding:
    """Passes everything on, but what comes from the broker only when asked, and then no more than half of the marked frame."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.target, self.gathers = target, threading.Event()
        self.held, self.released = threading.Event(), threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._listening.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        self.released.set()
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, far = self._listening.accept()[0], socket.create_connection(self.target)
                threading.Thread(target=self._pass_on, args=(near, far), daemon=True).start()
                threading.Thread(target=self._hold, args=(far, near), daemon=True).start()

    @staticmethod
    def _pass_on(source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
            target.shutdown(socket.SHUT_WR)

    def _hold(self, source: socket.socket, target: socket.socket) -> None:
        gathered = b""
        source.settimeout(0.1)
        with suppress(OSError), source, target:
            while True:
                with suppress(TimeoutError):
                    data = source.recv(1 << 20)
                    if not data:
                        return
                    gathered += data
                if self.gathers.is_set():
                    continue
                if MARK in gathered and not self.held.is_set():
                    half = gathered.index(MARK) + len(MARK)
                    target.sendall(gathered[:half])
                    gathered = gathered[half:]
                    self.held.set()
                    self.released.wait(60)
                target.sendall(gathered)
                gathered = b""


@contextmanager
def holding(world: World) -> Iterator[Holding]:
    made = Holding((world.parts.amqp_host, world.parts.amqp_port))
    try:
        yield made
    finally:
        made.close()


def test_half_a_frame_of_a_batch_stops_nothing_else(world: World, line: Line) -> None:
    provision(world, HEARS)
    settings, port = world.settings("referral")
    with holding(world) as way:
        settings.write_text(settings.read_text().replace(f"port = {world.parts.amqp_port}", f"port = {way.port}"))
        probe = ServiceProcess(settings, port, "tests.support.probe").start()
        try:
            way.gathers.set()
            line.publish(heard("ok"))  # a whole message before it: the consumer looks for others that are there
            line.publish_raw(b"x" * 20_000 + MARK + b"y" * 60_000, f"routine.{HEARD}")
            eventually(lambda: line.count(f"referral.{HEARD}") == 0, what="both to be on their way")
            way.gathers.clear()
            assert way.held.wait(20)
            before, began = probe.processor_s(), time.monotonic()
            for _ in range(3):
                assert probe.request("GET", "/healthz")[0] == 200
                time.sleep(0.2)  # not a wait: processor time is measured over this span, in which the service has nothing to do
            assert probe.processor_s() - before < (time.monotonic() - began) / 2
        finally:
            probe.stop()
