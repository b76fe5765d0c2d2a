"""Lanes on a real broker: how a service finds them, whatever their number, and what happens when one goes."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from kombu.connection import Connection

from ngao.broker import layout
from ngao.broker.edge_names import under_names
from ngao.broker.management import Management
from ngao.broker.provisioning import topology_steps
from ngao.chassis.messaging.broker import CONNECTION_ERRORS, is_idle
from ngao.chassis.messaging.lane_reading import LaneReading, Reader
from ngao.chassis.messaging.queues import Subscription, lane_name
from ngao.testing.broker import Line, management_of, provision
from ngao.testing.processes import World
from ngao.testing.waiting import eventually

pytestmark = pytest.mark.timeout(120)

REPORTS = layout.EDGE_INBOUND[0]
CHANNELS = 8


@dataclass
class Reading:
    """A reader whose connection has few channels, and what it got by the id of the outsider."""

    world: World
    management: Management
    connection: Connection
    ids: list[str] = field(default_factory=list)
    got: list[str] = field(default_factory=list)
    breaks_at: str = ""

    def __post_init__(self) -> None:
        names = self.world.edge_names
        self.lanes = LaneReading(
            [Subscription(REPORTS.queue, urgent=False, raw=True, outsiders="sources")],
            Reader(names, lambda _: self.ids, self._consume),
        )

    def _consume(self, channel: Any, _: Subscription, name: str, prefetch: int, on_cancel: Callable[[str], None]) -> None:
        def receive(message: Any) -> None:
            self.got.append(message.delivery_info["routing_key"])
            channel.basic_ack(message.delivery_tag)

        if name == self.breaks_at:
            raise ConnectionError("the broker closes the connection")
        assert prefetch >= 2
        channel.basic_qos(prefetch_size=0, prefetch_count=prefetch, a_global=False)
        channel.basic_consume(name, callback=receive, on_cancel=on_cancel)

    def make(self, *ids: str) -> None:
        for each in ids:
            lane = under_names(self.world.edge_names, REPORTS.lane(each))
            for step in topology_steps(self.management, self.world.edge_vhost, lane):
                step.do()

    def post(self, source_id: str) -> None:
        Line(self.world, edge=True).publish_raw(b"{}", source_id, exchange="reports", user_id=self.world.user)

    def turn(self) -> None:
        """What the loop of a service does at every turn. A lost connection is an error of the test."""
        self.lanes.look(self.connection)
        try:
            self.connection.drain_events(timeout=0.1)
        except CONNECTION_ERRORS as error:
            if not is_idle(error):
                raise

    def gets(self, *ids: str) -> None:
        def all_of_them() -> bool:
            self.turn()
            return set(ids) <= set(self.got)

        eventually(all_of_them, within=30, what="what was posted to be read")


@pytest.fixture
def reading(world: World) -> Iterator[Reading]:
    provision(world, {})
    parts, management = world.parts, management_of(world)
    user, password = parts.account
    made = Reading(world, management, _connected(world, user, password))
    yield made
    made.connection.release()
    management.close()


def _connected(world: World, user: str, password: str) -> Connection:
    parts = world.parts
    connection = Connection(
        hostname=parts.amqp_host, port=parts.amqp_port, userid=user, password=password, virtual_host=world.edge_vhost,
        transport="pyamqp",
    )  # fmt: skip
    connection.connect()
    connection.connection.channel_max = CHANNELS
    return connection


def named(count: int) -> list[str]:
    return [f"s{secrets.token_hex(4)}" for _ in range(count)]


def test_more_lanes_than_channels_are_read_and_missing_ones_cost_none(reading: Reading) -> None:
    there, missing = named(CHANNELS + 2), named(CHANNELS + 2)
    reading.make(*there)
    reading.ids = [*missing, *there]
    for each in there:
        reading.post(each)
    reading.gets(*there)
    reading.make(missing[-1])
    reading.post(missing[-1])
    reading.gets(missing[-1])
    assert len(reading.connection.connection.channels) <= 4


def test_a_lane_that_is_made_late_is_read(reading: Reading) -> None:
    reading.ids = named(1)
    reading.turn()
    reading.make(*reading.ids)
    reading.post(reading.ids[0])
    reading.gets(*reading.ids)


def test_a_lane_that_is_not_well_keeps_no_other_from_being_read(reading: Reading) -> None:
    """The connection is lost at it, as at a queue that was half made; the service connects again and goes on."""
    unwell, second = reading.ids = named(2)
    reading.make(unwell, second)
    reading.breaks_at = reading.world.edge_names.on_broker(lane_name(REPORTS.queue, unwell))
    reading.post(second)
    with pytest.raises(ConnectionError):
        reading.turn()
    reading.connection.release()
    reading.lanes.forget()
    reading.connection = _connected(reading.world, *reading.world.parts.account)
    reading.gets(second)


def test_a_lane_that_is_deleted_disturbs_no_other_and_is_read_when_it_is_back(reading: Reading) -> None:
    first, second = reading.ids = named(2)
    reading.make(first, second)
    for each in (first, second):
        reading.post(each)
    reading.gets(first, second)
    lane = reading.world.edge_names.on_broker(lane_name(REPORTS.queue, first))
    reading.management.delete("queues", reading.world.edge_vhost, lane)
    reading.got.clear()
    reading.post(second)
    reading.gets(second)
    reading.make(first)
    reading.post(first)
    reading.gets(first)
