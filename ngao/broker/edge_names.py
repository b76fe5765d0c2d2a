"""The secret in the names of our queues at the edge, for the code that creates or reads them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ngao.broker.layout import EDGE_INBOUND, Topology
from ngao.chassis.messaging.edge_names import SECRET, EdgeNames


def under_names(names: EdgeNames, part: Topology) -> Topology:
    """Return the same queues and bindings under the broker's names; exchanges and routing keys are a contract and stay."""
    queues = tuple(replace(each, name=names.on_broker(each.name)) for each in part.queues)
    bindings = tuple(replace(each, queue=names.on_broker(each.queue)) for each in part.bindings)
    return Topology(part.exchanges, queues, bindings)


def found_on_broker(queues: Iterable[str]) -> EdgeNames | None:
    """Return the secret suffix of names on a broker, for an administrator who does not hold it; None without such names."""
    ours = tuple(f"{each.queue}." for each in EDGE_INBOUND)
    secrets = (each.rpartition(".")[2] for each in queues if each.startswith(ours))
    return next((EdgeNames(each) for each in secrets if SECRET.fullmatch(each)), None)
