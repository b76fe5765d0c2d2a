"""Nothing that a partner writes ends or holds referral's consumer: a fuzz of the wire, on the real broker."""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from uuid import uuid4

import pika
import pytest

from ngao.broker import onboarding
from ngao.broker.onboarding import AccountFile, Edge
from ngao.chassis.security.seals import new_key_pair
from ngao.contracts import CONTENT_TYPE, decode, encode, make, subscriptions_of
from ngao.testing.broker import Line, inbound_queues, management_of, provision
from ngao.testing.processes import ServiceProcess, World
from ngao.testing.waiting import eventually
from tests.support.raw_amqp import Mutations, Wire

WITHIN_S = 2.0


@pytest.fixture(scope="module")
def referral(world: World) -> Iterator[ServiceProcess]:
    provision(world, {"referral": subscriptions_of("referral")})
    settings, port = world.settings("referral")
    process = ServiceProcess(settings, port).start()
    yield process
    process.stop()


def partner(referral: ServiceProcess, world: World, name: str) -> AccountFile:
    """In the directory and on the broker; it can do nothing that anybody needs."""
    partner_id = f"{name}-{secrets.token_hex(4)}"
    body = {"name": name, "support_types": ["legal_aid"], "counties": ["KE-30"], "languages": ["sw"], "capacity": 1,
            "vetted": False, "public_key": new_key_pair()[1]}  # fmt: skip
    status, told = referral.request("PUT", f"/v1/partners/{partner_id}", body, world.operator_key)
    assert status == 201, told
    edge = Edge(world.edge_vhost, world.parts.amqp_host, world.parts.amqp_port)
    return onboarding.onboard(management_of(world), edge, "partner", partner_id)


def declined(account: AccountFile, offer_id: str) -> bytes:
    """A reply as it should be, about an offer that nobody has made."""
    data = {"offer_id": offer_id, "reason": "no_capacity"}
    return encode(make("partner.offer.decline.v1", subject=offer_id, data=data, source=f"/partners/{account.id}"))


class Honest:
    """Another partner, with its connection open: answers an offer that there is not, and waits to be told so."""

    def __init__(self, account: AccountFile) -> None:
        self._account = account
        login, edge = pika.PlainCredentials(account.username, account.password), account.edge
        parameters = pika.ConnectionParameters(edge.host, edge.port, edge.vhost, login, heartbeat=0)
        self._channel: Any = pika.BlockingConnection(parameters).channel()

    def waits(self, within: float = 10.0) -> float:
        """For how many seconds its answer is waited for."""
        offer_id, account = str(uuid4()), self._account
        properties = pika.BasicProperties(content_type=CONTENT_TYPE, delivery_mode=2, user_id=account.username)
        began = time.monotonic()
        body = declined(account, offer_id)
        self._channel.basic_publish("partner-replies", f"{account.id}.decline", body, properties)
        for _, _, content in self._channel.consume(account.queues["routine"], auto_ack=True, inactivity_timeout=within):
            assert content is not None, f"no answer within {within} s"
            if decode(content).data.get("offer_id") == offer_id:
                return time.monotonic() - began
        raise AssertionError("the partner's queue is gone")

    def is_answered(self, after: str, again: Callable[[], object] | None = None) -> None:
        """Within two seconds. A machine can stumble: what seemed to hold another is sent `again`, and must not hold it twice."""
        waited = self.waits()
        if waited > WITHIN_S and again:
            again()
            waited = self.waits()
        assert waited <= WITHIN_S, f"after {after} another partner waited {waited} s"

    def close(self) -> None:
        self._channel.connection.close()


@pytest.fixture
def honest(referral: ServiceProcess, world: World) -> Iterator[Honest]:
    account = partner(referral, world, "honest")
    made = Honest(account)
    yield made
    made.close()
    onboarding.revoke(management_of(world), "partner", account.id)


@pytest.fixture
def evil(referral: ServiceProcess, world: World) -> Iterator[AccountFile]:
    account = partner(referral, world, "evil")
    yield account
    onboarding.revoke(management_of(world), "partner", account.id)


@pytest.mark.timeout(7200)
@pytest.mark.parametrize(
    "count", [50, pytest.param(150, marks=pytest.mark.thorough), pytest.param(100_000, marks=pytest.mark.long)]
)
def test_another_partner_is_answered_after_every_mutation_of_the_wire(
    referral: ServiceProcess, world: World, honest: Honest, evil: AccountFile, count: int
) -> None:
    seed = 1 if count < 1000 else secrets.randbits(32)
    made = Mutations(
        seed, evil.username, f"{evil.id}.decline", lambda: declined(evil, str(uuid4())), exchange="partner-replies",
        content_type=CONTENT_TYPE,
    )  # fmt: skip
    wire = Wire((evil.edge.host, evil.edge.port), evil.username, evil.password, evil.edge.vhost)
    taken = 0
    for number in range(count):
        what, raw = made.next()
        taken += wire.publish(raw)
        honest.is_answered(f"{what} ({number} of seed {seed})", partial(wire.publish, raw))
    wire.close()
    assert referral.is_running()
    assert taken > count / 4, f"the broker took only {taken} of {count}: most were not tried on referral"
    edge = Line(world, edge=True)
    eventually(lambda: edge.counts([*inbound_queues(world), "wait.1"]) == 0, within=60, what="everything to be worked off")
    assert edge.count("referral.dead") == 0
    assert "consumer.stumbled" not in referral.log.read_text()
