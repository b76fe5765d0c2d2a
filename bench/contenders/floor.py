"""F1: what the broker and the database allow when nothing else is done and nothing is done together.

It inserts one report (majority and journal) and publishes it with a confirm, one after the other.
No HTTP, no checks, no encryption, no audit.
"""

from __future__ import annotations

import json
import time
from typing import Any

from pymongo import MongoClient, WriteConcern

from bench.reports import bodies
from bench.stage import Room, counties
from ngao.chassis.messaging.publisher import Outcome, Outgoing, Publisher
from ngao.chassis.settings import BrokerSettings

QUEUE = "serial"


class Floor:
    """Insert and publish on one room's stores. It is its own client."""

    def __init__(self, room: Room) -> None:
        database: Any = MongoClient(room.mongo)[room.database]
        self._records = database.get_collection("serial", write_concern=WriteConcern("majority", j=True))
        self._publisher = Publisher(broker_settings(vars(room)), edge=False, name="floor")

    def serial(self, seconds: float, most: int = 5000, pause_s: float = 0.0) -> list[float]:
        """Return the seconds of each insert with its publish, one after the other, with a pause before each."""
        waiting, took, until = bodies(most, counties(), 1), list[float](), time.monotonic() + seconds
        for body in waiting:
            time.sleep(pause_s)
            began = time.monotonic()
            if began > until:
                break
            self._one(body)
            took.append(time.monotonic() - began)
        return took

    def _one(self, body: bytes) -> None:
        document = json.loads(body)
        self._records.insert_one(document)
        self._publish(Outgoing("", QUEUE, body, "application/json", str(document["_id"]), {}))

    def _publish(self, message: Outgoing) -> None:
        """Publish, and try again after a lost connection: between its turns the connection answers no heartbeats."""
        for _ in range(3):
            if self._publisher.publish([message]) == [Outcome.CONFIRMED]:
                return
        raise RuntimeError("the floor's publish was not confirmed")


def broker_settings(room: dict[str, Any]) -> BrokerSettings:
    """Return the settings with which the platform's own publisher connects to the room's virtual host."""
    account, _, address = room["amqp"].removeprefix("amqp://").rpartition("@")
    user, password = account.split(":", 1)
    host, port = address.split("/")[0].split(":")
    return BrokerSettings(host, int(port), user, password, room["vhost"], room["vhost"], 60, None)
