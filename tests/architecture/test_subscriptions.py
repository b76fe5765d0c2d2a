"""Every queue of events lets in one kind of message: its own event, published by its owner's account under its own key."""

from __future__ import annotations

import importlib
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from ngao.broker.layout import EDGE_INBOUND, internal
from ngao.chassis.clock import SystemClock
from ngao.chassis.messaging.accounts import service_account
from ngao.chassis.messaging.authenticity import Authenticity, NotAuthentic
from ngao.chassis.messaging.consumer import Consumes
from ngao.chassis.messaging.delivery import Delivery
from ngao.chassis.messaging.destinations import EVENTS, NOTICES
from ngao.chassis.messaging.queues import Subscription
from ngao.chassis.messaging.signatures import Signatures
from ngao.chassis.observability.metrics import Metrics
from ngao.contracts import CATALOGUE, CONTENT_TYPE, Audience, Event, subscriptions_of
from ngao.deployment.naming import SERVICES

BOUND = {
    each.queue: each.routing_key
    for each in internal({name: subscriptions_of(name) for name in SERVICES}, (5,)).bindings
    if each.exchange in {EVENTS, NOTICES}
}
INSIDE = [each for each in CATALOGUE.values() if Audience.INTERNAL in each.audiences]
ACCOUNTS = [*(service_account(each) for each in SERVICES), "partner-helper", "source-forms", None]


def entrypoints(service: str) -> list[Any]:
    """All of a service's entrypoints that hear messages, as its container would bind them."""
    module = importlib.import_module(f"services.{service}.service")
    (cls,) = [each for each in vars(module).values() if isinstance(each, type) and getattr(each, "name", None) == service]
    container = SimpleNamespace(chassis=SimpleNamespace(name=service))
    found = []
    for method in vars(cls).values():
        for each in getattr(method, "nameko_entrypoints", ()):
            if isinstance(each, Consumes):
                each.container = container
                found.append(each)
    return found


def subscriptions(service: str, *, edge: bool) -> list[Subscription]:
    return [each for entrypoint in entrypoints(service) if entrypoint.edge is edge for each in entrypoint.subscriptions()]


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_hears_exactly_the_queues_that_are_bound_for_it_each_by_its_own_key(service: str) -> None:
    heard = {each.queue: each.key for each in subscriptions(service, edge=False)}
    assert heard == {queue: key for queue, key in BOUND.items() if queue.startswith(f"{service}.")}
    assert not any(each.raw for each in subscriptions(service, edge=False))


@pytest.mark.parametrize("service", SERVICES)
def test_what_is_not_proved_here_comes_from_the_edge_where_the_handler_asks_for_the_account(service: str) -> None:
    raw = [each.queue for each in subscriptions(service, edge=True)]
    assert raw == [each.queue for each in EDGE_INBOUND if each.service == service]


@pytest.mark.parametrize("service", SERVICES)
def test_of_all_types_accounts_keys_and_sources_a_queue_lets_in_one(service: str, tmp_path: Path) -> None:
    unsigned = Signatures(tmp_path, SystemClock(), datetime.now(UTC) + timedelta(days=1))
    authenticity = Authenticity(Metrics(), unsigned)
    said = product(INSIDE, (True, False), SERVICES)
    events = [_event(entry.name, f"/ngao/{owner}", urgent=urgent) for entry, urgent, owner in said]
    for subscription in subscriptions(service, edge=False):
        taken = []
        for event, account in product(events, ACCOUNTS):
            for key in {event.routing_key, subscription.key}:
                delivery = Delivery(subscription.queue, key, b"{}", CONTENT_TYPE, account, "1")
                if _admits(authenticity, event, delivery, subscription.key):
                    taken.append((key, event.type, event.source, account))
        owner = CATALOGUE[subscription.key.partition(".")[2]].owner
        assert taken == [(subscription.key, subscription.key.partition(".")[2], f"/ngao/{owner}", service_account(owner))]


def _admits(authenticity: Authenticity, event: Event, delivery: Delivery, key: str) -> bool:
    try:
        authenticity.demand(event, delivery, key)
    except NotAuthentic:
        return False
    return True


def _event(name: str, source: str, *, urgent: bool) -> Event:
    return Event(name, source, "NG-0000000001", {}, "1", datetime(2026, 1, 5, tzinfo=UTC), urgent=urgent)
