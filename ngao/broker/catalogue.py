"""The parts of the broker that the catalogue of events needs."""

from __future__ import annotations

from ngao.broker.exchanges import EDGE_VHOST, PARTNERS, RESULTS, VHOST
from ngao.broker.provisioning import BrokerSpec
from ngao.chassis.messaging.edge_names import EdgeNames
from ngao.chassis.settings import DEFAULT_TIERS_S
from ngao.contracts import CATALOGUE, SERVICES, Audience, subscriptions_of

_EXCHANGE_OF = {Audience.PARTNER: PARTNERS, Audience.SOURCE: RESULTS}


def wanted_of_catalogue(
    passwords: dict[str, str], names: EdgeNames, vhost: str = VHOST, edge_vhost: str = EDGE_VHOST
) -> BrokerSpec:
    """Return the broker layout for the catalogue of events."""
    subscriptions = {service: subscriptions_of(service) for service in SERVICES}
    outbound = {service: _outbound(service) for service in SERVICES}
    return BrokerSpec(vhost, edge_vhost, subscriptions, outbound, DEFAULT_TIERS_S, passwords, names)


def _outbound(service: str) -> tuple[str, ...]:
    """Return the exchanges for outsiders that a service publishes to."""
    audiences = {each for entry in CATALOGUE.values() if entry.owner == service for each in entry.audiences}
    return tuple(exchange for audience, exchange in _EXCHANGE_OF.items() if audience in audiences)
