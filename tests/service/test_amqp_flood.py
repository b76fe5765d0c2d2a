"""A source that floods the broker, and those who post over HTTP meanwhile."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pika
import pymongo
import pytest

from ngao.contracts import subscriptions_of
from tests.support.broker import provision
from tests.support.intake import NEWS, AmqpSource, onboard, report
from tests.support.processes import ServiceProcess, World

pytestmark = pytest.mark.timeout(300)

FLOOD = 3000


@pytest.fixture(scope="module")
def paced(world: World) -> Iterator[ServiceProcess]:
    """Intake with the rates that it has where nobody has set others."""
    provision(world, {"intake": subscriptions_of("intake"), "registry": NEWS, "referral": NEWS})
    settings, port = world.settings("intake")
    settings.write_text(settings.read_text().replace("rate_per_second = 2000.0\nburst = 2000\n", ""))
    process = ServiceProcess(settings, port).start()
    yield process
    process.stop()


def flood(world: World, source: AmqpSource, bodies: list[bytes]) -> None:
    """As fast as a connection takes them; all are with the broker when this returns."""
    parts = world.parts
    login = pika.PlainCredentials(source.account, "invented")
    parameters = pika.ConnectionParameters(parts.amqp_host, parts.amqp_port, world.edge_vhost, login)
    with pika.BlockingConnection(parameters) as connection:
        channel = connection.channel()
        properties = pika.BasicProperties(content_type="application/json", delivery_mode=2, user_id=source.account)
        for body in bodies:
            channel.basic_publish("reports", source.id, body, properties)


def test_posts_over_http_do_not_wait_behind_a_flood_over_amqp(paced: ServiceProcess, world: World) -> None:
    """Counted in reports, not in seconds. Others' messages over AMQP do wait: docs/explanation/security-model.md says so."""
    greedy = AmqpSource(world, f"greedy-{secrets.token_hex(3)}")
    onboard(paced, world, greedy.id)
    key = onboard(paced, world, f"modest-{secrets.token_hex(3)}")
    client: Any = pymongo.MongoClient(world.parts.mongo)
    taken = client[world.database("intake")].reports
    try:
        flood(world, greedy, [json.dumps(report()).encode() for _ in range(FLOOD)])
        seen = [taken.count_documents({"source_id": greedy.id})]
        for _ in range(10):
            assert paced.request("POST", "/v1/reports", report(), key)[0] == 202
            seen.append(taken.count_documents({"source_id": greedy.id}))
        assert seen[-1] < FLOOD, "the flood was over before anybody could suffer"
        assert max(after - before for before, after in pairwise(seen)) < FLOOD / 10, seen
    finally:
        client.close()
        greedy.close()
