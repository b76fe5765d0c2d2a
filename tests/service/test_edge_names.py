"""Our own queues where outsiders are: nobody can ask about them, and a home of before loses nothing by their new names."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pika
import pymongo
import pytest
from pika.exceptions import ChannelClosedByBroker

from ngao.broker import layout
from ngao.broker.edge_names import found_on_broker, under_names
from ngao.broker.onboarding import AccountFile, Edge, onboard
from ngao.broker.provisioning import BrokerSpec, topology_steps
from ngao.broker.provisioning import provision as bring
from ngao.chassis.errors import Misconfigured
from ngao.chassis.messaging.edge_names import EdgeNames
from ngao.contracts import CATALOGUE
from ngao.deployment.naming import SERVICES
from ngao.testing.broker import Line, provision, wanted_of
from ngao.testing.processes import ServiceProcess, World
from ngao.testing.waiting import eventually
from tests.support.told import HEARS

pytestmark = [pytest.mark.timeout(180), pytest.mark.thorough]

REPLIES, KEY = "referral.partner-replies", "someone.accept"


@pytest.fixture(params=["source", "partner"])
def outsider(request: pytest.FixtureRequest, world: World) -> Iterator[Any]:
    """A connection of an onboarded outsider's own account."""
    management = provision(world, HEARS)
    edge = Edge(world.edge_vhost, world.parts.amqp_host, world.parts.amqp_port)
    account: AccountFile = onboard(management, edge, request.param, f"curious-{world.name}")
    login = pika.PlainCredentials(account.username, account.password)
    connection = pika.BlockingConnection(pika.ConnectionParameters(edge.host, edge.port, edge.vhost, login))
    yield connection
    connection.close()
    management.delete("users", account.username)


def answer(connection: Any, queue: str) -> str:
    """What the broker says to a passive declare, with the name taken out."""
    try:
        declared = connection.channel().queue_declare(queue, passive=True).method
    except ChannelClosedByBroker as error:
        return f"{error.reply_code} {error.reply_text}".replace(queue, "")
    return f"{declared.message_count} messages, {declared.consumer_count} consumers"


def guesses(world: World) -> list[str]:
    """All that the documentation, the catalogue and the topology name, and what follows from it."""
    ours = [each.name for each in layout.edge((*world.tiers_s, 5, 30, 120, 600, 3600)).queues]
    events = [f"{service}.{event}{end}" for service in SERVICES for event in CATALOGUE for end in ("", ".urgent")]
    dead = [f"{service}.dead" for service in SERVICES]
    return [*ours, *dead, *events, *(f"{each}." for each in ours), *(f"{each}.{'0' * 43}" for each in ours)]


def test_an_outsider_learns_nothing_about_our_queues(outsider: Any, world: World) -> None:
    """Neither how full one is nor that it is there: the broker answers as for a queue that never was."""
    never = answer(outsider, "there.was.never.such.a.queue")
    assert never.startswith("404")
    assert {answer(outsider, queue) for queue in guesses(world)} == {never}
    real = world.edge_names.on_broker("intake.reports")
    assert answer(outsider, real).endswith("consumers"), "the broker asks for no permission, which is why the names are secret"


def test_a_name_that_is_known_opens_no_queue(outsider: Any, world: World) -> None:
    """What a leaked name is worth: the numbers. Reading, purging and filling are refused by permissions."""
    real = world.edge_names.on_broker("intake.reports")
    for deed in (
        lambda channel: channel.basic_get(real),
        lambda channel: channel.queue_purge(real),
        lambda channel: channel.queue_delete(real),
        lambda channel: channel.basic_publish("", real, b"x"),
        lambda channel: channel.queue_bind(real, "results", "#"),
    ):
        channel = outsider.channel()
        channel.confirm_delivery()
        with pytest.raises(ChannelClosedByBroker, match="403"):
            deed(channel)


def test_an_administrator_finds_the_secret_that_a_service_holds(world: World) -> None:
    management = provision(world, HEARS)
    names = [each["name"] for each in management.get("queues", world.edge_vhost)]
    assert found_on_broker(names) == world.edge_names
    assert found_on_broker(["intake.reports", "intake.reports.short", "source.x.abc"]) is None


def test_a_home_that_has_lost_its_secret_makes_no_second_set_of_queues(world: World) -> None:
    management = provision(world, HEARS)
    before = {each["name"] for each in management.get("queues", world.edge_vhost)}
    other = replace(wanted_of(world, HEARS), names=EdgeNames("another_secret_of_this_very_home_"))
    with pytest.raises(Misconfigured, match="edge-names") as refused:
        bring(management, other)
    assert world.edge_names.secret not in str(refused.value)
    assert {each["name"] for each in management.get("queues", world.edge_vhost)} == before


@pytest.mark.parametrize("secret", ["", "short", "with.dots." * 5, "x" * 101])
def test_a_secret_that_could_be_guessed_or_misread_is_refused(secret: str) -> None:
    with pytest.raises(Misconfigured):
        EdgeNames(secret)


# ---- a home of before


class Home:
    """A home as the version before left it: queues under names that can be guessed, with something in each kind of them."""

    def __init__(self, world: World) -> None:
        self.world, self.management = world, provision(world, HEARS)
        self.wanted: BrokerSpec = wanted_of(world, HEARS)
        self.plain = layout.edge(self.wanted.tiers_s)
        for queue in under_names(world.edge_names, self.plain).queues:
            self.management.delete("queues", world.edge_vhost, queue.name)
        for step in topology_steps(self.management, world.edge_vhost, self.plain):
            step.do()
        self.sent: list[bytes] = []

    def send(self, channel: Any, body: bytes, exchange: str = "partner-replies", key: str = KEY) -> None:
        """Sent counts what the broker has confirmed and routed."""
        properties = pika.BasicProperties(content_type="text/plain", delivery_mode=2, user_id=self.world.user)
        channel.basic_publish(exchange, key, body, properties, mandatory=True)
        self.sent.append(body)

    @contextmanager
    def talker(self) -> Iterator[None]:
        """An outsider that goes on publishing; what is refused or comes back is an error that it raises."""
        done, went_wrong = threading.Event(), list[Exception]()

        def talk() -> None:
            try:
                with Line(self.world, edge=True).open() as channel:
                    number = 0
                    while not done.wait(0.005):
                        self.send(channel, b"meanwhile %d" % number)
                        number += 1
            except Exception as error:  # noqa: BLE001  # for the test's own thread to see
                went_wrong.append(error)

        talking = threading.Thread(target=talk)
        talking.start()
        try:
            yield
        finally:
            done.set()
            talking.join()
        assert went_wrong == []

    def standing(self) -> set[str]:
        """The plain names that are still queues."""
        standing = {each["name"] for each in self.management.get("queues", self.world.edge_vhost)}
        return standing & {each.name for each in self.plain.queues}

    def clear(self) -> None:
        """Leave nothing to the next test."""
        for name in self.standing():
            self.management.delete("queues", self.world.edge_vhost, name)

    def provision(self) -> list[str]:
        return bring(self.management, self.wanted)


@pytest.fixture
def home(world: World) -> Iterator[Home]:
    made = Home(world)
    yield made
    made.clear()


def test_a_home_of_before_gets_new_names_and_loses_and_doubles_nothing(home: Home, world: World) -> None:
    edge = Line(world, edge=True)
    client: Any = pymongo.MongoClient(world.parts.mongo)
    store = client[world.database("referral")]
    with edge.open() as channel:
        for number in range(30):
            home.send(channel, b"before %d" % number)
        for number in range(5):  # waits to be tried again
            home.send(channel, b"again %d" % number, f"retry.{world.tiers_s[0]}", REPLIES)
    dead = [b"dead %d" % number for number in range(3)]
    for body in dead:
        queue = world.edge_names.on_broker(REPLIES)
        died = {"queue": queue, "exchange": "partner-replies", "reason": "delivery_limit", "count": 1}
        headers = {"x-death": [died]} if body == dead[-1] else None
        edge.publish_raw(body, "referral", exchange="dead", user_id=world.user, content_type="text/plain", headers=headers)
    settings, port = world.settings("referral")
    process = ServiceProcess(settings, port, "tests.support.probe")
    try:
        with home.talker():
            eventually(lambda: len(home.sent) > 100, what="the talker to talk")
            said = home.provision()
            process.start()
            so_far = len(home.sent)
            eventually(lambda: len(home.sent) > so_far + 100, what="the talker to go on")
        eventually(lambda: store.effects.count_documents({}) >= len(home.sent), within=60, what="all that was confirmed")
        eventually(lambda: store.parked.count_documents({"reason": "delivery-limit"}) == len(dead), within=30, what="the dead")
        assert store.effects.count_documents({}) == len(set(home.sent)) == len(home.sent)
        assert {each["queue"] for each in store.parked.find()} == {REPLIES, "referral.dead"}
        assert not [line for line in said if world.edge_names.secret in line]
        eventually(lambda: home.provision() == [] and not home.standing(), within=90, what="the old queues to go")
        with edge.open() as channel:
            home.send(channel, b"after")
        eventually(lambda: store.effects.count_documents({}) == len(home.sent), within=30, what="what comes afterwards")
        assert world.edge_names.secret not in process.log.read_text()
    finally:
        process.stop()
        client.close()


def test_an_old_queue_stays_for_as_long_as_something_is_in_it(home: Home, world: World) -> None:
    with Line(world, edge=True).open() as channel:
        home.send(channel, b"nobody reads this yet")
    home.provision()
    eventually(lambda: home.provision() == [] and home.standing() == {REPLIES}, within=90, what="the empty ones to go")
    assert Line(world, edge=True).count_raw(REPLIES) == 1
