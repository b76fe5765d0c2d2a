"""Outsiders' broker accounts: created with exactly the rights they need, and revoked immediately when they must go."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field

from ngao.broker import layout, permissions
from ngao.broker.bounds import Bounds
from ngao.broker.edge_names import found_on_broker
from ngao.broker.layout import EDGE_INBOUND, Binding, Topology
from ngao.broker.management import Management, Step
from ngao.broker.permissions import Rights
from ngao.broker.provisioning import (
    account_bounds,
    account_steps,
    bindings_in,
    edge_topology_steps,
    rights_steps,
    topology_steps,
)
from ngao.chassis.errors import InvalidInput, Unavailable
from ngao.chassis.messaging.accounts import outsider_account
from ngao.kernel.ids import ID

OUTSIDER_ID = re.compile(ID)
_CLOSING_S = 20
_QUEUES = {"partner": ("routine", "urgent"), "source": ("results",)}
"""What an account file calls the queues of each kind of outsiders."""


@dataclass(frozen=True)
class Edge:
    """The outsiders' virtual host and the address under which they reach it."""

    vhost: str
    host: str
    port: int


@dataclass(frozen=True)
class AccountFile:
    """What an outsider's system needs to connect; handed over once. `queues` has `results`, or `routine` and `urgent`."""

    kind: str
    id: str
    edge: Edge
    password: str = field(repr=False)
    exchange: str
    queues: dict[str, str] = field(hash=False)

    @property
    def username(self) -> str:
        """The name of the broker account, which is also the `user-id` on every message."""
        return account_name(self.kind, self.id)

    def as_dict(self, *, password_file: str) -> dict[str, object]:
        """Return the account file that `ngao.client` reads; the secret is in a file of its own beside it."""
        edge = {"host": self.edge.host, "port": self.edge.port, "vhost": self.edge.vhost}
        account = {"username": self.username, "password_file": password_file, "exchange": self.exchange, "queues": self.queues}
        return {f"{self.kind}_id": self.id, **edge, **account}


def account_name(kind: str, outsider_id: str) -> str:
    """Return the name of an outsider's broker account. Raises InvalidInput for an id that could mean another."""
    if not OUTSIDER_ID.fullmatch(outsider_id):
        raise InvalidInput("An id has 2 to 41 characters: lower-case letters, digits and hyphens, a letter first.")
    return outsider_account(kind, outsider_id)


def is_onboarded(management: Management, vhost: str, kind: str, outsider_id: str) -> bool:
    """Return True when the account exists with its permissions, which are set last, and its queues are bound."""
    name, part = account_name(kind, outsider_id), _queues_of(kind, outsider_id, "")
    heard = {(each.exchange, each.routing_key) for each in bindings_in(management, vhost)}
    wanted = {(each.exchange, each.routing_key) for each in part.bindings}
    return management.get("permissions", vhost, name) is not None and wanted <= heard


def onboard(management: Management, edge: Edge, kind: str, outsider_id: str) -> AccountFile:
    """Create an outsider's lane, queues and account. A second call keeps the queues and changes the password."""
    name, inbound = account_name(kind, outsider_id), next(each for each in EDGE_INBOUND if each.kind == kind)
    bound = _queues_of(kind, outsider_id, "").bindings[0]
    part = _queues_of(kind, outsider_id, _token_of(management, edge.vhost, bound) or secrets.token_hex(16))
    queues = dict(zip(_QUEUES[kind], (each.name for each in part.queues), strict=True))
    _make_lane(management, edge.vhost, inbound.lane(outsider_id))
    password = _establish(management, edge.vhost, name, part, permissions.of_outsider(kind, outsider_id, queues.values()))
    return AccountFile(kind, outsider_id, edge, password, inbound.exchange, queues)


def revoke(management: Management, kind: str, outsider_id: str, *, sleep: Callable[[float], None] = time.sleep) -> None:
    """Remove the account and close its connections. Its queues stay, so that its messages are not dropped silently.

    Raises Unavailable when connections are still open after 20 seconds.
    """
    name = account_name(kind, outsider_id)
    management.delete("users", name)
    deadline = time.monotonic() + _CLOSING_S
    while management.get("connections", "username", name):
        if time.monotonic() > deadline:
            raise Unavailable(f"The account {name} is gone, but the broker still has connections of it open.")
        with suppress(Unavailable):  # 500 for a connection that closes by itself at this moment
            management.delete("connections", "username", name)
        sleep(0.2)


def _queues_of(kind: str, outsider_id: str, token: str) -> Topology:
    return layout.partner_queues(outsider_id, token) if kind == "partner" else layout.source_queue(outsider_id, token)


def _make_lane(management: Management, vhost: str, lane: Topology) -> None:
    """Create a lane before its account; where the platform's own queues do not exist yet, `ngao provision` will create it."""
    names = found_on_broker(each["name"] for each in management.get("queues", vhost) or ())
    if names is not None:
        _do(edge_topology_steps(management, vhost, names, lane))


def _establish(management: Management, vhost: str, name: str, part: Topology, rights: Rights) -> str:
    password = secrets.token_urlsafe(32)
    _do(topology_steps(management, vhost, part))
    _do(account_steps(management, name, password))
    _do(account_bounds(management, name, Bounds()))  # before the rights: nothing is open to it without them
    _do(rights_steps(management, vhost, name, rights))
    return password


def _do(steps: Iterable[Step]) -> None:
    for step in steps:
        step.do()


def _token_of(management: Management, vhost: str, bound: Binding) -> str | None:
    """Return the token in the name of the queue that already has this binding under another name."""
    for binding in bindings_in(management, vhost):
        if (binding.exchange, binding.routing_key) == (bound.exchange, bound.routing_key):
            return binding.queue.split(".")[2]
    return None
