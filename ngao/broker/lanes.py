"""Each outsider's lane on the broker: a queue for its messages alone, which is read beside the others' lanes.

A source that posts a thousand reports would otherwise be ahead of all others, however urgent those are. Messages that no lane is
bound for comes into the queue that all share, through the alternate exchange of the one it was published to.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ngao.broker.edge_names import found_on_broker, under_names
from ngao.broker.layout import EDGE_INBOUND, Binding, Inbound, Policy, Topology
from ngao.broker.management import Management, Step, holds
from ngao.broker.outsiders import outsider_of
from ngao.chassis.errors import Misconfigured
from ngao.chassis.messaging.edge_names import EdgeNames

Listed = Iterable[Mapping[str, Any]]
"""Lists queues as the management interface does."""

_WITHIN_S = 12
"""A policy applies immediately; the management interface may show an older state for some seconds."""


@dataclass(frozen=True)
class Unread:
    """An outsider whose lane has no consumer, and how many messages wait there."""

    kind: str
    id: str
    waiting: int


def lanes_of(management: Management, vhost: str) -> Topology:
    """Return a lane, under its plain name, for each outsider who has an account there."""
    accounts = management.get("vhosts", vhost, "permissions") or ()
    outsiders = sorted(filter(None, (outsider_of(each["user"]) for each in accounts)))
    lanes = Topology((), (), ())
    for inbound in EDGE_INBOUND:
        for outsider_id in (each for kind, each in outsiders if kind == inbound.kind):
            lanes += inbound.lane(outsider_id)
    return lanes


def bindings_of_before(bound: set[Binding], queues: Listed, names: EdgeNames, lanes: Topology) -> Topology:
    """Return the bindings that led all messages into the shared queues and must stay while running services read no lanes.

    As soon as one lane is read, the next `provision` removes it. Until then a message is in both queues and takes effect once.
    `bound` and `queues` are as the broker has them; `lanes`, those that there should be, and the result have plain names.
    """
    consumers = {**{each.name: 0 for each in lanes.queues}, **_consumers(queues, names)}
    kept: tuple[Binding, ...] = ()
    for inbound in EDGE_INBOUND:
        everything = Topology((), (), (Binding(inbound.exchange, inbound.queue, "#"),))
        read = [count for name, count in consumers.items() if inbound.outsider_of(name)]
        if bound.issuperset(under_names(names, everything).bindings) and read and not any(read):
            kept += everything.bindings
    return Topology((), (), kept)


def unclaimed_steps(management: Management, vhost: str) -> Iterator[Step]:
    """Yield steps for the queues that need one before the binding for all messages may be removed."""
    for inbound in EDGE_INBOUND:
        policy, exchange = inbound.unclaimed_policy, management.get("exchanges", vhost, inbound.exchange)
        if not policy_stands(management, vhost, policy) or (exchange is not None and exchange.get("policy") != policy.name):
            yield Step(f"policy {vhost}/{policy.name}", lambda way=inbound: _enforce(management, vhost, way))  # type: ignore[misc]


def _enforce(management: Management, vhost: str, inbound: Inbound) -> None:
    """Wait for a policy. Raises Misconfigured when the broker does not apply it within some seconds."""
    policy, end = inbound.unclaimed_policy, time.monotonic() + _WITHIN_S
    management.put("policies", vhost, policy.name, body=policy.as_dict())
    while management.get("exchanges", vhost, inbound.exchange).get("policy") != policy.name:
        if time.monotonic() > end:
            raise Misconfigured(f"Another policy of {vhost} applies to the exchange {inbound.exchange}. Remove that one.")
        time.sleep(0.1)


def unread_lanes(management: Management, vhost: str) -> list[Unread]:
    """Return the lanes without a consumer whose shared queue has one; those with messages come first."""
    queues = management.get("queues", vhost) or ()
    names = found_on_broker(each["name"] for each in queues)
    if names is None:
        return []
    consumers = _consumers(queues, names)
    waiting = {names.plain(each["name"]): int(each.get("messages") or 0) for each in queues}
    unread = [
        Unread(inbound.kind, outsider_id, waiting[name])
        for inbound in EDGE_INBOUND if consumers.get(inbound.queue)
        for name, count in consumers.items() if not count and (outsider_id := inbound.outsider_of(name))
    ]  # fmt: skip
    return sorted(unread, key=lambda each: -each.waiting)


def _consumers(queues: Listed, names: EdgeNames) -> Mapping[str, int]:
    """Return queues by plain name; a queue of a version before and its successor have the same."""
    counted: dict[str, int] = {}
    for each in queues:
        name = names.plain(each["name"])
        counted[name] = max(counted.get(name, 0), int(each.get("consumers") or 0))
    return counted


def policy_stands(management: Management, vhost: str, policy: Policy) -> bool:
    """Return True if the broker has this policy."""
    return holds(management.get("policies", vhost, policy.name), policy.as_dict())
