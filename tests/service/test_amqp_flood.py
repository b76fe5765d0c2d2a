"""A source that floods the broker, and those who post meanwhile."""

from __future__ import annotations

import json
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import pika
import pymongo
import pytest

from ngao.contracts import subscriptions_of
from ngao.testing.broker import provision
from ngao.testing.processes import ServiceProcess, World
from ngao.testing.waiting import eventually
from tests.support.intake import NEWS, AmqpSource, onboard, report

pytestmark = [pytest.mark.timeout(300), pytest.mark.thorough]

FLOOD = 3000


SUBSCRIPTIONS = {"intake": subscriptions_of("intake"), "registry": NEWS, "referral": NEWS}


@pytest.fixture(scope="module")
def paced(world: World) -> Iterator[ServiceProcess]:
    """Intake with the rates that it has where nobody has set others."""
    provision(world, SUBSCRIPTIONS)
    settings, port = world.settings("intake")
    settings.write_text(settings.read_text().replace("rate_per_second = 2000.0\nburst = 2000\n", ""))
    process = ServiceProcess(settings, port).start()
    yield process
    process.stop()


@dataclass
class Two:
    """A source that floods and one that does not; each has an account, a key, and a lane."""

    greedy: AmqpSource
    modest: AmqpSource
    key: str
    taken: Callable[[AmqpSource], int]


@pytest.fixture
def two(paced: ServiceProcess, world: World) -> Iterator[Two]:
    greedy, modest = (AmqpSource(world, f"{name}-{secrets.token_hex(3)}") for name in ("greedy", "modest"))
    onboard(paced, world, greedy.id)
    key = onboard(paced, world, modest.id)
    provision(world, SUBSCRIPTIONS)
    client: Any = pymongo.MongoClient(world.parts.mongo)
    reports = client[world.database("intake")].reports
    yield Two(greedy, modest, key, lambda source: reports.count_documents({"source_id": source.id}))
    client.close()
    greedy.close()
    modest.close()


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


def test_posts_over_http_do_not_wait_behind_a_flood_over_amqp(paced: ServiceProcess, world: World, two: Two) -> None:
    """Counted in reports, not in seconds."""
    flood(world, two.greedy, [json.dumps(report()).encode() for _ in range(FLOOD)])
    seen = [two.taken(two.greedy)]

    def accepted(post: dict[str, Any]) -> bool:
        return paced.request("POST", "/v1/reports", post, two.key)[0] == 202

    for _ in range(10):
        post = report()  # a busy machine answers 503, which asks to send the same again: one report, however often
        eventually(partial(accepted, post), what="a post to be taken")
        seen.append(two.taken(two.greedy))
    assert seen[-1] < FLOOD, "the flood was over before anybody could suffer"
    assert max(after - before for before, after in pairwise(seen)) < FLOOD / 10, seen


def test_what_others_post_over_amqp_does_not_wait_behind_a_flood(world: World, two: Two) -> None:
    """Counted in reports, not in seconds: between a post and its answer only some of the flood are taken."""
    flood(world, two.greedy, [json.dumps(report()).encode() for _ in range(FLOOD)])
    seen = [two.taken(two.greedy)]
    for _ in range(10):
        two.modest.post(report())
        assert two.modest.answer()[0] == "intake.report.receipt.v1"
        seen.append(two.taken(two.greedy))
    assert seen[-1] < FLOOD, "the flood was over before anybody could suffer"
    assert max(after - before for before, after in pairwise(seen)) < FLOOD / 10, seen
