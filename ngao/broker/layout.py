"""Every exchange, queue and binding of the platform, as plain data; no code here connects to a broker.

Quorum queues only, each argument explicit, because RabbitMQ 3.10 and 4.x have different defaults (a redelivery limit
of 20 that drops messages came in 4.0). A message that ran out of deliveries is dead-lettered at least once; a queue that
is full refuses, so that the publisher keeps it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ngao.broker.exchanges import PARTNER_REPLIES, PARTNERS, REPORTS, RESULTS
from ngao.chassis.messaging.destinations import EVENTS, NOTICES, REDELIVER
from ngao.chassis.messaging.queues import lane_name, lane_owner, subscription_queues
from ngao.contracts import gives_notice

Subscriptions = Mapping[str, tuple[str, ...]]
"""The event types that each service subscribes to."""

ArgumentValue = str | int | bool

DEAD = "dead"

DELIVERY_LIMIT = 20
OUTSIDER_DELIVERY_LIMIT = 100
"""An outsider's line may drop often, and each drop counts as a delivery."""
NEVER = 1_000_000_000
"""A delivery limit that is not reached: RabbitMQ 3.10 refuses the -1 that 4.x would take for none."""


@dataclass(frozen=True)
class Exchange:
    """A durable exchange."""

    name: str
    kind: str = "topic"


@dataclass(frozen=True)
class Queue:
    """A durable queue with its whole list of arguments."""

    name: str
    arguments: Mapping[str, ArgumentValue] = field(hash=False)


@dataclass(frozen=True, order=True)
class Binding:
    """A rule by which an exchange fills a queue."""

    exchange: str
    queue: str
    routing_key: str


@dataclass(frozen=True)
class Topology:
    """The parts of one virtual host."""

    exchanges: tuple[Exchange, ...]
    queues: tuple[Queue, ...]
    bindings: tuple[Binding, ...]

    def __add__(self, other: Topology) -> Topology:
        return Topology(self.exchanges + other.exchanges, self.queues + other.queues, self.bindings + other.bindings)


@dataclass(frozen=True)
class Policy:
    """A policy for the queues or exchanges whose names match."""

    name: str
    pattern: str
    applies_to: str
    definition: Mapping[str, ArgumentValue] = field(hash=False)
    priority: int = 0

    def as_dict(self) -> dict[str, object]:
        """Return it in the form of the management interface."""
        definition = dict(self.definition)
        return {"pattern": self.pattern, "definition": definition, "apply-to": self.applies_to, "priority": self.priority}


@dataclass(frozen=True)
class Inbound:
    """An edge exchange that outsiders of a kind write to, the queue behind it, and the service that reads it.

    Each outsider has a lane: a queue that is bound with its routing keys only. What no lane is bound for comes into the queue.
    """

    exchange: str
    queue: str
    service: str
    kind: str

    @property
    def unclaimed(self) -> str:
        """Return the exchange for messages that no lane is bound for."""
        return f"{self.exchange}.unclaimed"

    @property
    def unclaimed_policy(self) -> Policy:
        """Return the policy for the alternate exchange, because existing homes have an exchange without the argument."""
        return Policy(self.unclaimed, f"^{self.exchange}$", "exchanges", {"alternate-exchange": self.unclaimed}, priority=100)

    def lane(self, outsider_id: str) -> Topology:
        """Return one outsider's own queue."""
        queue = work_queue(lane_name(self.queue, outsider_id), dead_to=self.service)
        return Topology((), (queue,), (Binding(self.exchange, queue.name, f"{outsider_id}.#"),))

    def outsider_of(self, name: str) -> str | None:
        """Return the owner of a lane, by its plain name; None for any other queue."""
        return lane_owner(self.queue, name)


EDGE_INBOUND = (
    Inbound(REPORTS, "intake.reports", "intake", "source"),
    Inbound(PARTNER_REPLIES, "referral.partner-replies", "referral", "partner"),
)
EDGE_OUTBOUND = (PARTNERS, RESULTS)

ENDED: Subscriptions = {"intake": ("referral.offered.v1",)}
"""Subscriptions of earlier versions: their queues would fill on a broker that had them."""


def internal(subscriptions: Subscriptions, tiers_s: Sequence[int]) -> Topology:
    """Return the internal virtual host: two queues per subscription, urgent events in one of their own."""
    queues: list[Queue] = []
    bindings: list[Binding] = []
    for service, types in subscriptions.items():
        for event_type in types:
            for name, key in subscription_queues(service, event_type):
                queues.append(work_queue(name, dead_to=service))
                heard_on = NOTICES if gives_notice(event_type, service) else EVENTS
                bindings += [Binding(heard_on, name, key), Binding(REDELIVER, name, name)]
    own = Topology((Exchange(EVENTS), Exchange(NOTICES)), tuple(queues), tuple(bindings))
    return own + _failure_handling(tuple(subscriptions), tiers_s)


def edge(tiers_s: Sequence[int]) -> Topology:
    """Return the virtual host of outsiders, without the queues that onboarding adds for each of them."""
    names = [name for each in EDGE_INBOUND for name in (each.exchange, each.unclaimed)]
    exchanges = [Exchange(name) for name in (*names, *EDGE_OUTBOUND)]
    queues = [work_queue(each.queue, dead_to=each.service) for each in EDGE_INBOUND]
    bindings = [
        binding
        for each in EDGE_INBOUND
        for binding in (Binding(each.unclaimed, each.queue, "#"), Binding(REDELIVER, each.queue, each.queue))
    ]
    own = Topology(tuple(exchanges), tuple(queues), tuple(bindings))
    return own + _failure_handling(tuple(each.service for each in EDGE_INBOUND), tiers_s)


def partner_queues(partner_id: str, token: str) -> Topology:
    """Return a partner's routine and urgent queue; the token makes their names unguessable."""
    routine, urgent = f"partner.{partner_id}.{token}", f"partner.{partner_id}.{token}.urgent"
    queues = tuple(work_queue(name, dead_to="referral", limit=OUTSIDER_DELIVERY_LIMIT) for name in (routine, urgent))
    bindings = (Binding(PARTNERS, routine, f"{partner_id}.routine.#"), Binding(PARTNERS, urgent, f"{partner_id}.urgent.#"))
    return Topology((), queues, bindings)


def source_queue(source_id: str, token: str) -> Topology:
    """Return the queue for the answers to a source's reports."""
    queue = work_queue(f"source.{source_id}.{token}", dead_to="intake", limit=OUTSIDER_DELIVERY_LIMIT)
    return Topology((), (queue,), (Binding(RESULTS, queue.name, f"{source_id}.#"),))


def work_queue(name: str, *, dead_to: str, limit: int = DELIVERY_LIMIT) -> Queue:
    """Return a queue with a consumer; messages that fail `limit` times go to the dead letters of `dead_to`."""
    dead = {"x-dead-letter-exchange": DEAD, "x-dead-letter-routing-key": dead_to, "x-dead-letter-strategy": "at-least-once"}
    return Queue(name, {**_quorum(limit), **dead})


def _quorum(limit: int) -> dict[str, ArgumentValue]:
    return {"x-queue-type": "quorum", "x-delivery-limit": limit, "x-overflow": "reject-publish"}


def _failure_handling(services: Sequence[str], tiers_s: Sequence[int]) -> Topology:
    """Yield wait queues, the route back from them, and dead letters.

    `redeliver` is a topic exchange bound with literal keys: it routes as a direct one would, and topic permissions keep
    a service from putting messages into another's queues.
    """
    exchanges = [Exchange(REDELIVER), Exchange(DEAD, "direct"), *(Exchange(f"retry.{tier}") for tier in tiers_s)]
    queues = [_wait_queue(tier) for tier in tiers_s] + [Queue(f"{service}.dead", _quorum(NEVER)) for service in services]
    bindings = [Binding(f"retry.{tier}", f"wait.{tier}", "#") for tier in tiers_s]
    bindings += [Binding(DEAD, f"{service}.dead", service) for service in services]
    return Topology(tuple(exchanges), tuple(queues), tuple(bindings))


def _wait_queue(tier_s: int) -> Queue:
    """Return a delay queue without a routing key of its own: a message returns under the name of the queue that it came from."""
    back: dict[str, ArgumentValue] = {"x-dead-letter-exchange": REDELIVER, "x-dead-letter-strategy": "at-least-once"}
    return Queue(f"wait.{tier_s}", {**_quorum(NEVER), **back, "x-message-ttl": tier_s * 1000})
