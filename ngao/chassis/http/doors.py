"""The ports of a service: the operations and callers of each, and how many connections one address may have."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ngao.chassis.http.proxied import Gates, share_of
from ngao.chassis.settings import HttpSettings
from ngao.kernel.actors import OUTSIDERS

HEALTH = "/healthz"
READINESS = "/readyz"
_MOST_PER_ADDRESS = 500
_OUTSIDERS = OUTSIDERS | {"anyone"}
_OPERATORS = frozenset({"operator", "anyone"})
KINDS = _OUTSIDERS | _OPERATORS
_CHASSIS_PAGES = {HEALTH, READINESS, "/metrics", "/openapi.json"}


@dataclass
class Door:
    """One port: its listening socket and server, the gates that pass connections on to it, and its open connections."""

    listening: Any
    server: Any
    gates: Gates | None = None
    accepting: Any = None
    connections: dict[int, list[Any]] = field(default_factory=dict)
    shares: dict[int, str] = field(default_factory=dict)

    def enter(self, connection: list[Any]) -> bool:
        """Count a connection for its address. Returns False if the address has too many connections."""
        share = share_of(connection[0][0])
        if list(self.shares.values()).count(share) >= _MOST_PER_ADDRESS:
            return False
        self.shares[id(connection)] = share
        return True

    def leave(self, connection: list[Any]) -> None:
        """Remove a closed connection from the counts."""
        self.connections.pop(id(connection), None)
        self.shares.pop(id(connection), None)


@dataclass(frozen=True)
class Served:
    """The operations that a port serves, and the kinds of callers that it admits."""

    port: int
    entrypoints: Sequence[Any]
    callers: frozenset[str] = KINDS
    gates: Gates | None = None
    has_pages: bool = False


def served(settings: HttpSettings, entrypoints: Iterable[Any]) -> list[Served]:
    """Return the ports, each with the operations that it serves.

    Operations that reveal the number and time of requests are served by the inside port only, if there is one. Operations for
    operators are served by the operators' port only, if there is one; the public port then answers that they do not exist.
    Health pages are served by both ports. Where there is an operators' port, the public port serves only `/healthz` of them, and
    not even that where there is an inside port. Only the public port shows a service's web pages.
    """
    every = list(entrypoints)
    apart = settings.operators_port is not None
    gates = Gates(settings.proxied_from) if settings.proxied_from else None
    numbers = {each for each in every if each.operation.inside} if settings.inside_port else set()
    callers = _OUTSIDERS if apart else KINDS
    shown = (set() if settings.inside_port else {HEALTH}) if apart else None
    public = [each for each in every if each not in numbers and _is_for(each, callers, own_pages=shown)]
    found = [Served(settings.port, public, callers, gates, has_pages=True)]
    if settings.inside_port:
        looked_at = [each for each in every if each.operation.path in (HEALTH, READINESS)]
        found.append(Served(settings.inside_port, [*numbers, *looked_at]))
    if settings.operators_port:
        operations = [each for each in every if each not in numbers and _is_for(each, _OPERATORS)]
        found.append(Served(settings.operators_port, operations, _OPERATORS))
    return found


def _is_for(entrypoint: Any, callers: frozenset[str], own_pages: Collection[str] | None = None) -> bool:
    who = set(entrypoint.operation.roles)
    if who == {"anyone"} and own_pages is not None and entrypoint.operation.path in _CHASSIS_PAGES:
        return entrypoint.operation.path in own_pages
    return bool(who & callers)
