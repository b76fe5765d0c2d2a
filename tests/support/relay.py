"""A TCP relay between a client and a real server, which may change what the server says on its way."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress


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
