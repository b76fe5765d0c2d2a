"""F1 and F2: what the broker and the database allow when nothing else is done.

F1 inserts one report (majority and journal) and publishes it with a confirm, one after the other. F2 does the same by the
hundred through the platform's three hops: accept, learn who it is, offer. No HTTP, no checks, no encryption, no audit.
"""

from __future__ import annotations

import json
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any

import amqp
from pymongo import MongoClient, WriteConcern

from ngao.chassis.messaging.publisher import WINDOW, Outcome, Outgoing, Publisher
from ngao.chassis.settings import BrokerSettings

_PREFETCH = 300


class Hop:
    """Insert and publish on one room's stores."""

    def __init__(self, room: dict[str, Any], name: str) -> None:
        database: Any = MongoClient(room["mongo"])[room["database"]]
        self._records = database.get_collection(name, write_concern=WriteConcern("majority", j=True))
        self._publisher = Publisher(broker_settings(room), edge=False, name=f"floor.{name}")

    def serial(self, body: bytes, key: str) -> None:
        """Do one insert, then one confirmed publish."""
        document = json.loads(body)
        self._records.insert_one(document)
        self._publish([_outgoing("", key, document, str(document["_id"]))])

    def batch(self, documents: list[dict[str, Any]], exchange: str, key: str | None) -> None:
        """Insert all, then publish all in one window; without a key, each to its partner."""
        copies = [{**document} for document in documents]
        self._records.insert_many(copies)
        pairs = zip(documents, copies, strict=True)
        self._publish([_outgoing(exchange, key or each["data"]["partner"], each, str(copy["_id"])) for each, copy in pairs])

    def _publish(self, batch: list[Outgoing]) -> None:
        """Publish, and try again after a lost connection: between its turns the connection answers no heartbeats."""
        for _ in range(3):
            outcomes = self._publisher.publish(batch)
            if all(outcome is Outcome.CONFIRMED for outcome in outcomes):
                return
        raise RuntimeError("the floor's publish was not confirmed")


def broker_settings(room: dict[str, Any]) -> BrokerSettings:
    """Return the settings with which the platform's own publisher connects to the room's virtual host."""
    account, _, address = room["amqp"].removeprefix("amqp://").rpartition("@")
    user, password = account.split(":", 1)
    host, port = address.split("/")[0].split(":")
    return BrokerSettings(host, int(port), user, password, room["vhost"], room["vhost"], 60, None)


def _outgoing(exchange: str, key: str, document: dict[str, Any], own_id: str) -> Outgoing:
    plain = {name: value for name, value in document.items() if name != "_id"}
    return Outgoing(exchange, key, json.dumps(plain).encode(), "application/json", own_id, {})


def serve(room: dict[str, Any], queue: str, exchange: str, key: str | None) -> None:
    """Take up to a hundred messages, insert, publish, and acknowledge all of them together."""
    hop, settings = Hop(room, queue), broker_settings(room)
    address, vhost = f"{settings.host}:{settings.port}", settings.vhost
    connection = amqp.Connection(address, settings.username, settings.password, virtual_host=vhost)
    connection.connect()
    channel = connection.channel()
    channel.basic_qos(0, _PREFETCH, a_global=False)
    waiting: list[Any] = []
    channel.basic_consume(queue, callback=waiting.append)
    while True:
        with suppress(TimeoutError):
            while len(waiting) < WINDOW:
                connection.drain_events(timeout=0.5 if not waiting else 0.001)
        while waiting:
            batch, waiting[:] = waiting[:WINDOW], waiting[WINDOW:]
            hop.batch([json.loads(message.body) for message in batch], exchange, key)
            channel.basic_ack(batch[-1].delivery_tag, multiple=True)


def main(room_file: str, hop: str) -> None:
    """Serve one hop until ended."""
    room = json.loads(Path(room_file).read_text())
    if hop == "registry":
        serve(room, "registry", "", "referral")
    else:
        serve(room, "referral", "partners", None)


if __name__ == "__main__":
    main(*sys.argv[1:])
