"""Tests of small parts talk to nobody: a socket that one of them opens is an error of the test, not of its network."""

from __future__ import annotations

import ipaddress
import sys
from typing import Any

TALKING = {"socket.connect", "socket.bind", "socket.sendto", "socket.sendmsg", "socket.getaddrinfo", "socket.gethostbyname"}
_LOCAL_NAMES = {"localhost", ""}


class SocketOpened(RuntimeError):
    """A test that promised to open no socket opened one; no handler of OSError takes this for a broken network."""


class Sockets:
    """What this process may do with the network; nothing is forbidden before `close`."""

    def __init__(self) -> None:
        self._closed = self._loopback = False
        sys.addaudithook(self._look)  # stays as long as the process

    def close(self, *, loopback: bool) -> None:
        """From now on nobody may be reached, or with `loopback` this machine only."""
        self._closed, self._loopback = True, loopback

    def open(self) -> None:
        """Everything is allowed again."""
        self._closed = False

    def _look(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self._closed and event in TALKING:
            address = arguments[0] if event.startswith("socket.get") else arguments[1][0]
            if not (self._loopback and _is_this_machine(address)):
                raise SocketOpened(
                    f"{event} of {address!r}: tests in this folder open no socket. Mark a test of a small server on this "
                    "machine with `loopback`; what needs a broker or a store belongs to tests/service."
                )


def _is_this_machine(address: Any) -> bool:
    name = address.decode() if isinstance(address, bytes) else str(address or "")
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name in _LOCAL_NAMES
