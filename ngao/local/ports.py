"""Ports: from the environment, else the stored ones, else free ones."""

from __future__ import annotations

import os
import secrets
import socket
from collections.abc import Iterable, Mapping

from ngao.chassis.errors import Misconfigured

LOCAL = "127.0.0.1"
_RANGE = range(20000, 32000)


def choose(names: Iterable[str], remembered: Mapping[str, int], environment: Mapping[str, str] = os.environ) -> dict[str, int]:
    """Choose a port for each name. `NGAO_PORT_<NAME>` overrides the stored one. Raises Misconfigured."""
    chosen: dict[str, int] = {}
    for name in names:
        chosen[name] = _from_environment(name, environment) or remembered.get(name) or free_port(chosen.values())
    return chosen


def free_port(taken: Iterable[int] = ()) -> int:
    """Return a port that is free at this moment and not in `taken`.

    It is below 32768, where Linux begins to use ports for outgoing connections: such a port may be taken before the next `up`.
    """
    avoid, among = set(taken), _range()
    while True:
        port = secrets.choice(among)
        if port not in avoid and _can_listen(port):
            return port


def _range() -> range:
    """Return the range of free ports. `NGAO_PORTS=20000-23999` separates homes that start together. Raises Misconfigured."""
    given = os.environ.get("NGAO_PORTS")
    if not given:
        return _RANGE
    first, _, last = given.partition("-")
    if not (first.isdecimal() and last.isdecimal() and 1024 <= int(first) < int(last) <= 65535):
        raise Misconfigured("NGAO_PORTS must be a range such as 20000-23999.")
    return range(int(first), int(last) + 1)


def _can_listen(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOCAL, port))
        except OSError:
            return False
    return True


def is_open(port: int) -> bool:
    """Check that a process listens on the port."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex((LOCAL, port)) == 0


def require_free(name: str, port: int) -> None:
    """Raise Misconfigured if another process uses a port that we need."""
    if is_open(port):
        raise Misconfigured(f"Port {port} for {name} is in use by another process. Set {_variable(name)} to a free one.")


def _variable(name: str) -> str:
    return "NGAO_PORT_" + name.upper()


def _from_environment(name: str, environment: Mapping[str, str]) -> int | None:
    text = environment.get(_variable(name))
    if not text:
        return None
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise Misconfigured(f"{_variable(name)} is not a port number.")
    return int(text)
