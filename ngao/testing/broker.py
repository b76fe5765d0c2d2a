"""The broker from outside a service: provision a test's virtual hosts, publish, look into queues."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Hashable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from itertools import groupby
from typing import Any
from urllib.parse import urlsplit

import pika
from pika.exceptions import AMQPError

from ngao.broker import layout, provisioning
from ngao.broker.catalogue import wanted_of_catalogue
from ngao.broker.edge_names import under_names
from ngao.broker.layout import Topology
from ngao.broker.management import Management
from ngao.broker.provisioning import BrokerSpec
from ngao.chassis.messaging.accounts import service_account
from ngao.chassis.messaging.destinations import NOTICES
from ngao.contracts import CONTENT_TYPE, Event, encode, notice_of, subscriptions_of, type_named
from ngao.deployment.naming import SERVICES
from ngao.testing.processes import World

_NOTICES = "test.notices"
_TIMEOUT_S = 110.0
_EXCHANGES, _QUEUES, _BINDINGS = 20, 5, 50
"""So many are made well within the time in which the broker must answer, also on a machine that is twenty times as slow."""


def management_of(world: World) -> Management:
    """Open the broker's management interface as its administrator. A broker of tests may be starved: it gets its time."""
    parts = urlsplit(world.parts.management)
    url = f"http://{parts.hostname}:{parts.port}"
    return Management(url, parts.username or "", parts.password or "", timeout_s=_TIMEOUT_S)


def wanted_of(world: World, subscriptions: Mapping[str, tuple[str, ...]]) -> BrokerSpec:
    """List what a world needs of its broker: the queues of these subscriptions, and an account for each service."""
    passwords = {each: world.password(each) for each in SERVICES}
    wanted = wanted_of_catalogue(passwords, world.edge_names, world.vhost, world.edge_vhost)
    heard = {each: subscriptions.get(each, ()) for each in SERVICES}
    return replace(wanted, subscriptions=heard, tiers_s=sorted(set(world.tiers_s)))


def provision(world: World, subscriptions: Mapping[str, tuple[str, ...]]) -> Management:
    """Create the two virtual hosts with the queues of these subscriptions. The administrator has all rights on them.

    Where notify does not get all notices, one queue takes them: a notice that no queue is bound for does not leave its outbox.
    """
    management, wanted = management_of(world), wanted_of(world, subscriptions)
    if management.get("vhosts", world.vhost) is None:
        _import(management, world.vhost, layout.internal(wanted.subscriptions, wanted.tiers_s))
        _import(management, world.edge_vhost, under_names(wanted.names, layout.edge(wanted.tiers_s)))
    provisioning.provision(management, wanted)
    if subscriptions.get("notify") != subscriptions_of("notify"):
        management.put("queues", world.vhost, _NOTICES, body={"durable": True, "arguments": {"x-queue-type": "quorum"}})
        management.post("bindings", world.vhost, "e", NOTICES, "q", _NOTICES, body={"routing_key": "#"})
    for vhost in (world.vhost, world.edge_vhost):
        management.put("permissions", vhost, world.user, body={"configure": ".*", "write": ".*", "read": ".*"})
    return management


def _import(management: Management, vhost: str, topology: Topology) -> None:
    """Create a virtual host with all its parts in few requests: one for each would be most of what a world costs."""
    always = {"durable": True, "auto_delete": False}
    exchanges = [
        {"name": each.name, "type": each.kind, "internal": False, "arguments": {}, **always} for each in topology.exchanges
    ]
    queues = [{"name": each.name, "arguments": dict(each.arguments), **always} for each in topology.queues]
    bindings = [
        {"source": each.exchange, "destination": each.queue, "destination_type": "queue", "routing_key": each.routing_key,
         "arguments": {}}
        for each in topology.bindings
    ]  # fmt: skip
    management.put("vhosts", vhost, body={})
    every = (("exchanges", exchanges, _EXCHANGES), ("queues", queues, _QUEUES), ("bindings", bindings, _BINDINGS))
    for kind, parts, at_once in every:
        for first in range(0, len(parts), at_once):
            management.post("definitions", vhost, body={kind: parts[first : first + at_once]})


def inbound_queues(world: World) -> list[str]:
    """List the queues that outsiders publish to, lanes included, by their plain names."""
    management = management_of(world)
    names = [world.edge_names.plain(each["name"]) for each in management.get("queues", world.edge_vhost)]
    management.close()
    return [name for name in names if name.startswith(tuple(each.queue for each in layout.EDGE_INBOUND))]


def remove(world: World) -> None:
    """Close the world's connections, and delete its virtual hosts."""
    while world.connections:
        _close(world.connections.popitem()[1])
    management = management_of(world)
    for vhost in (world.vhost, world.edge_vhost):
        management.delete("vhosts", vhost)


class Line:
    """A short-lived channel for each call: a test's own faults must not be its channel's.

    Events are published as the service that owns them would, with its account; all else is done as administrator.
    """

    def __init__(self, world: World, *, edge: bool = False) -> None:
        self._world, self._vhost = world, world.edge_vhost if edge else world.vhost
        self._ours = {each.name for each in layout.edge(world.tiers_s).queues} if edge else set()

    def publish(self, event: Event, exchange: str = "events", times: int = 1) -> None:
        """Publish an event, and its notice if it has one."""
        for _ in range(times):
            forms = _forms(event) if exchange == "events" else [(exchange, event)]
            for to, form in forms:
                self.publish_raw(
                    self._bytes_of(form), event.routing_key, exchange=to, message_id=event.id, mandatory=len(forms) == 1
                )

    def _bytes_of(self, event: Event) -> bytes:
        """Return the bytes of an event, signed if its owner is a service."""
        return self._world.signed(event) if type_named(event.type).owner in SERVICES else encode(event)

    def publish_all(self, events: Iterable[Event]) -> None:
        """Publish many events over one connection per owner."""
        for owner, group in groupby(events, key=lambda event: event.type.split(".")[0]):
            with self.open_as(owner) as channel:
                for event in group:
                    properties = pika.BasicProperties(
                        content_type=CONTENT_TYPE, message_id=event.id, delivery_mode=2, user_id=service_account(owner)
                    )
                    for to, form in (forms := _forms(event)):
                        body = self._bytes_of(form)
                        channel.basic_publish(to, event.routing_key, body, properties, mandatory=len(forms) == 1)

    def publish_raw(
        self,
        body: bytes,
        routing_key: str,
        *,
        exchange: str = "events",
        content_type: str = CONTENT_TYPE,
        message_id: str | None = None,
        user_id: str | None = None,
        headers: dict[str, Any] | None = None,
        mandatory: bool = True,
    ) -> None:
        """Publish bytes, by default as the service that owns the type of the routing key."""
        speaker = routing_key.split(".")[1] if exchange in {"events", "notices"} else ""
        owner = speaker if speaker in SERVICES else None
        properties = pika.BasicProperties(
            content_type=content_type,
            message_id=message_id or secrets.token_hex(8),
            delivery_mode=2,
            user_id=service_account(owner) if owner else user_id,
            headers=headers,
        )
        with self.open_as(owner) if owner else self.open() as channel:
            channel.basic_publish(exchange, routing_key, body, properties, mandatory=mandatory)

    def name_of(self, queue: str) -> str:
        """Return the broker's name of a queue: the platform's own at the edge have a secret suffix."""
        ours = queue in self._ours or any(each.outsider_of(queue) for each in layout.EDGE_INBOUND)
        return self._world.edge_names.on_broker(queue) if ours else queue

    def take(self, queue: str) -> list[tuple[Any, bytes]]:
        """Remove all messages of a queue and return their properties and bodies."""
        found: list[tuple[Any, bytes]] = []
        with self.open() as channel:
            while True:
                method, properties, body = channel.basic_get(self.name_of(queue), auto_ack=True)
                if method is None:
                    return found
                found.append((properties, body))

    def count(self, queue: str) -> int:
        """Count the messages that are ready."""
        with self.open() as channel:
            return int(channel.queue_declare(self.name_of(queue), passive=True).method.message_count)

    def count_raw(self, name: str) -> int:
        """Count the messages that are ready in a queue by the broker's own name."""
        with self.open() as channel:
            return int(channel.queue_declare(name, passive=True).method.message_count)

    def counts(self, queues: Iterable[str]) -> int:
        """Count the messages that are ready in all of these queues."""
        with self.open() as channel:
            return sum(int(channel.queue_declare(self.name_of(each), passive=True).method.message_count) for each in queues)

    def unbind(self, queue: str, exchange: str, routing_key: str) -> None:
        """Remove a binding."""
        with self.open() as channel:
            channel.queue_unbind(self.name_of(queue), exchange, routing_key)

    def bind(self, queue: str, exchange: str, routing_key: str) -> None:
        """Add a binding."""
        with self.open() as channel:
            channel.queue_bind(self.name_of(queue), exchange, routing_key)

    def open_as(self, service: str) -> _Channel:
        """Open a channel with a service's own account."""
        return self._channel(service_account(service), self._world.password(service))

    def open(self) -> _Channel:
        """Open a channel as the administrator."""
        return self._channel(*self._world.parts.account)

    def _channel(self, user: str, password: str) -> _Channel:
        parts, login = self._world.parts, pika.PlainCredentials(user, password)
        # Without heartbeats: between two calls no heartbeat is answered.
        parameters = pika.ConnectionParameters(parts.amqp_host, parts.amqp_port, self._vhost, login, heartbeat=0)
        return _Channel(parameters, self._world.connections)


def _forms(event: Event) -> list[tuple[str, Event]]:
    """Return an event and its notice, each with its exchange: in a test's world one of them may have no reader."""
    return [("events", event)] + ([("notices", notice_of(event))] if event.notice is not None else [])


class _Channel:
    """A channel on the connection that this thread keeps for the account; after an error the next one is on a new connection."""

    def __init__(self, parameters: pika.ConnectionParameters, connections: dict[Hashable, Any]) -> None:
        self._parameters, self._connections = parameters, connections
        self._key = (threading.get_ident(), parameters.virtual_host, parameters.credentials.username)

    def __enter__(self) -> Any:
        known = self._connections.pop(self._key, None)
        try:
            self._channel = self._on(known or pika.BlockingConnection(self._parameters))
        except AMQPError:  # the broker has closed it meanwhile
            if known is None:
                raise
            self._channel = self._on(pika.BlockingConnection(self._parameters))
        return self._channel

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is None and self._channel.is_open:
            self._channel.close()
            replaced = self._connections.pop(self._key, None)
            self._connections[self._key] = self._channel.connection
            _close(replaced)
        else:
            _close(self._channel.connection)

    @staticmethod
    def _on(connection: Any) -> Any:
        channel = connection.channel()
        channel.confirm_delivery()
        return channel


def _close(connection: Any) -> None:
    with suppress(AMQPError):
        if connection is not None and connection.is_open:
            connection.close()
