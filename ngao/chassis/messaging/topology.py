"""Every exchange, queue and binding the platform stands on, as plain data; nothing here talks to a broker.

Quorum queues only, each argument said out loud, because RabbitMQ 3.10 and 4.x have different defaults (a redelivery limit
of 20 that drops messages came in 4.0). A message that ran out of deliveries is dead-lettered at least once; a queue that
is full refuses, so that the publisher keeps it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ngao.contracts import CATALOGUE, gives_notice

Subscriptions = Mapping[str, tuple[str, ...]]
"""The event types each service hears."""

ArgumentValue = str | int | bool

EVENTS = "events"
NOTICES = "notices"
REDELIVER = "redeliver"
DEAD = "dead"
REPORTS = "reports"
PARTNER_REPLIES = "partner-replies"
PARTNERS = "partners"
RESULTS = "results"

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
    """What an exchange hands to a queue."""

    exchange: str
    queue: str
    routing_key: str


@dataclass(frozen=True)
class Topology:
    """All of one virtual host."""

    exchanges: tuple[Exchange, ...]
    queues: tuple[Queue, ...]
    bindings: tuple[Binding, ...]

    def __add__(self, other: Topology) -> Topology:
        return Topology(self.exchanges + other.exchanges, self.queues + other.queues, self.bindings + other.bindings)


@dataclass(frozen=True)
class Inbound:
    """An edge exchange that outsiders write to, the queue behind it, and the service that reads it."""

    exchange: str
    queue: str
    service: str


EDGE_INBOUND = (Inbound(REPORTS, "intake.reports", "intake"), Inbound(PARTNER_REPLIES, "referral.partner-replies", "referral"))
EDGE_OUTBOUND = (PARTNERS, RESULTS)


def internal(subscriptions: Subscriptions, tiers_s: Sequence[int]) -> Topology:
    """The virtual host the services talk on: two queues a subscription, urgent events in one of their own."""
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
    """The virtual host of outsiders, without the queues that onboarding adds for each of them."""
    exchanges = [Exchange(each.exchange) for each in EDGE_INBOUND] + [Exchange(name) for name in EDGE_OUTBOUND]
    queues = [work_queue(each.queue, dead_to=each.service) for each in EDGE_INBOUND]
    bindings = [binding for each in EDGE_INBOUND for binding in _inbound_bindings(each)]
    own = Topology(tuple(exchanges), tuple(queues), tuple(bindings))
    return own + _failure_handling(tuple(each.service for each in EDGE_INBOUND), tiers_s)


def subscription_queues(service: str, event_type: str) -> tuple[tuple[str, str], ...]:
    """The routine queue of a subscription, and the urgent one where there is one, each with the routing key it is bound with."""
    name = f"{service}.{event_type}"
    routine, urgent = (name, f"routine.{event_type}"), (f"{name}.urgent", f"urgent.{event_type}")
    known = CATALOGUE.get(event_type)
    return (routine, urgent) if known is None or known.may_be_urgent else (routine,)


def partner_queues(partner_id: str, token: str) -> Topology:
    """A partner's routine and urgent queue; the token makes their names unguessable."""
    routine, urgent = f"partner.{partner_id}.{token}", f"partner.{partner_id}.{token}.urgent"
    queues = tuple(work_queue(name, dead_to="referral", limit=OUTSIDER_DELIVERY_LIMIT) for name in (routine, urgent))
    bindings = (Binding(PARTNERS, routine, f"{partner_id}.routine.#"), Binding(PARTNERS, urgent, f"{partner_id}.urgent.#"))
    return Topology((), queues, bindings)


def source_queue(source_id: str, token: str) -> Topology:
    """The queue where a source hears what became of its reports."""
    queue = work_queue(f"source.{source_id}.{token}", dead_to="intake", limit=OUTSIDER_DELIVERY_LIMIT)
    return Topology((), (queue,), (Binding(RESULTS, queue.name, f"{source_id}.#"),))


def work_queue(name: str, *, dead_to: str, limit: int = DELIVERY_LIMIT) -> Queue:
    """A queue that someone consumes; what fails `limit` times goes to the dead letters of `dead_to`."""
    dead = {"x-dead-letter-exchange": DEAD, "x-dead-letter-routing-key": dead_to, "x-dead-letter-strategy": "at-least-once"}
    return Queue(name, {**_quorum(limit), **dead})


def _quorum(limit: int) -> dict[str, ArgumentValue]:
    return {"x-queue-type": "quorum", "x-delivery-limit": limit, "x-overflow": "reject-publish"}


def _inbound_bindings(inbound: Inbound) -> Iterator[Binding]:
    yield Binding(inbound.exchange, inbound.queue, "#")
    yield Binding(REDELIVER, inbound.queue, inbound.queue)


def _failure_handling(services: Sequence[str], tiers_s: Sequence[int]) -> Topology:
    """Wait queues, the way back from them, and dead letters.

    `redeliver` is a topic exchange bound with literal keys: it routes as a direct one would, and topic permissions keep
    a service from putting messages into another's queues.
    """
    exchanges = [Exchange(REDELIVER), Exchange(DEAD, "direct"), *(Exchange(f"retry.{tier}") for tier in tiers_s)]
    queues = [_wait_queue(tier) for tier in tiers_s] + [Queue(f"{service}.dead", _quorum(NEVER)) for service in services]
    bindings = [Binding(f"retry.{tier}", f"wait.{tier}", "#") for tier in tiers_s]
    bindings += [Binding(DEAD, f"{service}.dead", service) for service in services]
    return Topology(tuple(exchanges), tuple(queues), tuple(bindings))


def _wait_queue(tier_s: int) -> Queue:
    """No routing key of its own: a message comes back under the name of the queue it was taken from."""
    back: dict[str, ArgumentValue] = {"x-dead-letter-exchange": REDELIVER, "x-dead-letter-strategy": "at-least-once"}
    return Queue(f"wait.{tier_s}", {**_quorum(NEVER), **back, "x-message-ttl": tier_s * 1000})
