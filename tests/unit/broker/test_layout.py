"""The broker's topology and rights as data."""

from __future__ import annotations

import re

import pytest

from ngao.broker import layout, permissions
from ngao.broker.layout import Binding, Topology

SUBSCRIPTIONS = {"alpha": ("beta.thing.done.v1",), "beta": ()}
TIERS = (5, 30)


@pytest.fixture(params=["internal", "edge"])
def part(request: pytest.FixtureRequest) -> Topology:
    return layout.internal(SUBSCRIPTIONS, TIERS) if request.param == "internal" else layout.edge(TIERS)


def test_every_queue_is_a_quorum_queue_with_every_argument_said(part: Topology) -> None:
    for queue in part.queues:
        assert queue.arguments["x-queue-type"] == "quorum"
        assert queue.arguments["x-overflow"] == "reject-publish"
        assert queue.arguments["x-delivery-limit"] >= 20


def test_every_dead_letter_exchange_stands_and_leads_to_a_queue(part: Topology) -> None:
    exchanges = {each.name for each in part.exchanges}
    routes = {(each.exchange, each.routing_key) for each in part.bindings}
    for queue in part.queues:
        exchange = queue.arguments.get("x-dead-letter-exchange")
        if exchange is None:
            assert queue.name.endswith(".dead")
            continue
        assert exchange in exchanges
        assert queue.arguments["x-dead-letter-strategy"] == "at-least-once"
        key = queue.arguments.get("x-dead-letter-routing-key")
        assert key is None or (exchange, key) in routes


def test_bindings_name_only_what_stands(part: Topology) -> None:
    exchanges, queues = {each.name for each in part.exchanges}, {each.name for each in part.queues}
    assert all(each.exchange in exchanges and each.queue in queues for each in part.bindings)


def test_every_consumed_queue_can_be_redelivered_to(part: Topology) -> None:
    for queue in part.queues:
        if not queue.name.startswith("wait.") and not queue.name.endswith(".dead"):
            assert Binding("redeliver", queue.name, queue.name) in part.bindings


def test_urgent_events_have_a_queue_of_their_own() -> None:
    part = layout.internal(SUBSCRIPTIONS, TIERS)
    assert Binding("events", "alpha.beta.thing.done.v1", "routine.beta.thing.done.v1") in part.bindings
    assert Binding("events", "alpha.beta.thing.done.v1.urgent", "urgent.beta.thing.done.v1") in part.bindings


def test_who_is_noticed_is_bound_for_notices_and_for_no_event() -> None:
    bindings = layout.internal({"notify": ("intake.report.accepted.v1",)}, TIERS).bindings
    assert {(each.exchange, each.queue) for each in bindings if each.routing_key.startswith(("routine.", "urgent."))} == {
        ("notices", "notify.intake.report.accepted.v1"), ("notices", "notify.intake.report.accepted.v1.urgent"),
    }  # fmt: skip


def test_a_wait_queue_keeps_the_name_of_the_queue_the_message_came_from() -> None:
    (wait,) = [each for each in layout.edge(TIERS).queues if each.name == "wait.30"]
    assert wait.arguments["x-message-ttl"] == 30_000
    assert "x-dead-letter-routing-key" not in wait.arguments


@pytest.mark.parametrize(
    ("key", "allowed"),
    [
        ("legal-aid.accept", True),
        ("legal-aid-2.accept", False),
        ("legal.accept", False),
        ("x.legal-aid.accept", False),
        ("legal-aid.accept.more", False),
        ("legal-aid.accept\n", False),
    ],
)
def test_a_partner_replies_under_its_own_name_only(key: str, allowed: bool) -> None:
    (topic,) = permissions.of_partner("legal-aid", ["q"]).topics
    assert bool(re.search(topic.write, key)) is allowed


@pytest.mark.parametrize(
    ("key", "allowed"), [("routine.alpha.x.v1", True), ("urgent.beta.x.v1", False), ("routine.alphabet.x", False)]
)
@pytest.mark.parametrize("exchange", ["events", "notices"])
def test_a_service_says_only_its_own_types(exchange: str, key: str, allowed: bool) -> None:
    topic = next(each for each in permissions.of_service_inside("alpha", TIERS).topics if each.exchange == exchange)
    assert bool(re.search(topic.write, key)) is allowed


def test_nobody_may_configure_anything() -> None:
    rights = (
        permissions.of_service_inside("alpha", TIERS),
        permissions.of_service_on_edge("alpha", ["partners"], TIERS),
        permissions.of_source("hotline", ["q"]),
        permissions.of_partner("legal-aid", ["q"]),
    )
    assert {each.permission.configure for each in rights} == {"^$"}
