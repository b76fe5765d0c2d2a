"""A TCP relay between a client and a real server, which may change what the server says on its way."""

from __future__ import annotations

import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from ngao.local.ports import free_port
from ngao.testing.processes import ServiceProcess, World


@contextmanager
def relayed(target: tuple[str, int], change: Callable[[bytes], bytes] = bytes, port: int = 0) -> Iterator[int]:
    """Listen on a port (a free one when 0) and pass on to `target`; gives the port."""
    listening = socket.create_server(("127.0.0.1", port))
    open_sockets: list[socket.socket] = []
    threading.Thread(target=_accept, args=(listening, target, change, open_sockets), daemon=True).start()
    try:
        yield int(listening.getsockname()[1])
    finally:
        listening.shutdown(socket.SHUT_RDWR)
        for each in (listening, *open_sockets):
            each.close()


def _accept(
    listening: socket.socket, target: tuple[str, int], change: Callable[[bytes], bytes], open_sockets: list[socket.socket]
) -> None:
    with suppress(OSError):
        while True:
            client, _ = listening.accept()
            server = socket.create_connection(target)
            open_sockets += [client, server]
            threading.Thread(target=_pump, args=(client, server, bytes), daemon=True).start()
            threading.Thread(target=_pump, args=(server, client, change), daemon=True).start()


def _pump(source: socket.socket, sink: socket.socket, change: Callable[[bytes], bytes]) -> None:
    with suppress(OSError):
        while content := source.recv(65536):
            sink.sendall(change(content))
        sink.shutdown(socket.SHUT_WR)


class Way:
    """A service's way to the real broker, which a test can close and open again."""

    def __init__(self, world: World) -> None:
        self._target = (world.parts.amqp_host, world.parts.amqp_port)
        self._open = ExitStack()
        # Not one that the system gives: while the way is closed, it could give that to any client.
        self.port = self._open.enter_context(relayed(self._target, port=free_port()))

    def leads(self, settings: Path) -> None:
        """Let the service of these settings take it. What is cut off without an end is soon noticed."""
        direct = f"port = {self._target[1]}\n"
        assert direct in settings.read_text()
        settings.write_text(settings.read_text().replace(direct, f"port = {self.port}\nheartbeat = 4\n"))

    @contextmanager
    def closed(self) -> Iterator[None]:
        self._open.close()
        try:
            yield
        finally:
            self._open.enter_context(relayed(self._target, port=self.port))

    def end(self) -> None:
        self._open.close()


def receives(service: ServiceProcess) -> bool:
    """Whether its consumer of the events of other services is attached."""
    measured = service.request("GET", "/metrics")[1].decode()
    return bool(re.search(r'^ngao_subscriptions_attached\{vhost="internal"\} [1-9]', measured, re.M))
