"""Bounds on outsiders' use of the broker: connections, channels, and bytes that wait.

A full queue refuses, so that the publisher keeps the message (`x-overflow`); without a bound one silent partner or one flood
would fill the broker's disk, which then accepts no messages from anyone.
"""

from __future__ import annotations

from dataclasses import dataclass

from ngao.broker.layout import EDGE_INBOUND, Policy
from ngao.broker.outsiders import KINDS_OF_OUTSIDERS

_MIB = 1024**2


@dataclass(frozen=True)
class Bounds:
    """For one account of an outsider, for all of them together, for a queue or a lane of one, and for a queue that all fill."""

    connections: int = 20
    channels: int = 100
    connections_of_all: int = 1000
    outsiders_queue_bytes: int = 256 * _MIB
    inbound_queue_bytes: int = 1024 * _MIB

    @property
    def policies(self) -> tuple[Policy, ...]:
        """Return the bounds on queues of the outsiders' virtual host."""
        inbound = "|".join(each.queue.replace(".", "[.]") for each in EDGE_INBOUND)
        return (
            _bytes("outsiders", f"^({'|'.join(KINDS_OF_OUTSIDERS)})[.]", self.outsiders_queue_bytes),
            _bytes("inbound", f"^({inbound})([.]|$)", self.inbound_queue_bytes),
            _bytes("lanes", f"^({inbound})[.][^.]+[.]", self.outsiders_queue_bytes, priority=1),
        )


def _bytes(name: str, pattern: str, most: int, *, priority: int = 0) -> Policy:
    return Policy(name, pattern, "queues", {"max-length-bytes": most}, priority)
