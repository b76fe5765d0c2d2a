"""The header in which a gate sends the address of its client: PROXY protocol, version 2 (haproxy.org, `proxy-protocol.txt`).

The header is read only from a gate's own connections, and only at a port that has gates in its settings. At such a port,
a connection without the header is closed.
"""

from __future__ import annotations

import ipaddress
import struct
import time
from collections.abc import Sequence
from typing import Any

from eventlet import Timeout
from eventlet.green import socket

HEADER_SECONDS = 5.0
_SIGNATURE = b"\r\n\r\n\x00\r\nQUIT\n"
_HEAD = struct.Struct("!12sBBH")
_LOCAL, _PROXY = 0x20, 0x21
_TCP4, _TCP6 = 0x11, 0x21
_ADDRESSES = {_TCP4: (4, 12), _TCP6: (16, 36)}
_LONGEST = 1024
_KNOWN_FOR_S = 10.0


class NotTheGate(ConnectionError):
    """A connection that no gate has passed on, or whose header cannot be read."""


class Gates:
    """The hosts that may pass connections on. Names are looked up again every ten seconds: a container's address changes."""

    def __init__(self, hosts: Sequence[str]) -> None:
        self._hosts = tuple(hosts)
        self._known: set[str] = set()
        self._looked_at = float("-inf")

    def demand(self, address: str) -> None:
        """Raise NotTheGate for an address that is no gate's."""
        if time.monotonic() - self._looked_at > _KNOWN_FOR_S:
            self._look()
        if plain(address) not in self._known:
            raise NotTheGate("not one of the gates")

    def _look(self) -> None:
        self._looked_at = time.monotonic()
        found: set[str] = set()
        for host in self._hosts:
            try:
                found |= {plain(str(each[4][0])) for each in socket.getaddrinfo(host, None)}
            except OSError:
                continue  # a gate that is not there passes nothing on
        self._known = found


def client_of(sock: Any) -> tuple[str, int] | None:
    """Read the header off a fresh connection: the client's address and port; None for the gate's own. Raises NotTheGate."""
    try:
        with Timeout(HEADER_SECONDS, NotTheGate("no PROXY header in time")):
            signature, command, family, length = _HEAD.unpack(_exactly(sock, _HEAD.size))
            if signature != _SIGNATURE or command not in (_LOCAL, _PROXY) or length > _LONGEST:
                raise NotTheGate("no PROXY header of version 2")
            content = _exactly(sock, length)
    except (OSError, struct.error) as error:
        raise NotTheGate("no whole PROXY header") from error
    return None if command == _LOCAL else _client(family, content)


def share_of(address: str) -> str:
    """Return the key by which an address's connections are counted: an IPv4 address itself, or the /64 of an IPv6 address."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is None:
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return plain(address)


def plain(address: str) -> str:
    """Return an address in one form: an IPv4-mapped IPv6 address becomes IPv4."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    mapped = parsed.ipv4_mapped if isinstance(parsed, ipaddress.IPv6Address) else None
    return str(mapped or parsed)


def _client(family: int, content: bytes) -> tuple[str, int]:
    size, whole = _ADDRESSES.get(family, (0, 0))
    if not size or len(content) < whole:
        raise NotTheGate("no TCP address in the PROXY header")
    port = struct.unpack("!H", content[2 * size : 2 * size + 2])[0]
    return plain(str(ipaddress.ip_address(content[:size]))), port


def _exactly(sock: Any, size: int) -> bytes:
    got = b""
    while len(got) < size:
        piece = sock.recv(size - len(got))
        if not piece:
            raise NotTheGate("the connection ended before its PROXY header")
        got += piece
    return got
