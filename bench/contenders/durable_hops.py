"""F3: the platform's hops with the platform's durability, in four plain processes that do nothing else.

A process takes the messages that are there, at most fifty. It inserts one document for each that has an effect (one command,
majority and journal), publishes the events that follow in one confirm window, and acknowledges all with one ack. Each service has
a quorum queue for each event that it handles. No HTTP, no checks, no encryption, no audit, no outbox, no inbox.
"""

from __future__ import annotations

import json
import os
import select
import sys
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import amqp
from pymongo import MongoClient, WriteConcern

REPORT, OFFER = "report", "offer"
HOPS: dict[str, dict[str, tuple[str, ...] | None]] = {
    "intake": {REPORT: ("accepted",), "opened": (), "offered": ()},
    "registry": {"accepted": ("resolved",)},
    "referral": {"accepted": (), "resolved": ("opened", "offered", OFFER)},
    "notify": {"accepted": None, "resolved": None, "offered": ()},
}
"""The events that each service handles, and those that follow. None: without effect, so no document is stored.

A report comes over standard input, and the offer leads to the partner's queue. All others are published to `events`.
"""
_AT_ONCE = 50
_PIECE = 16_384
_STDIN = 0


class Service:
    """One process: one thread, one connection to the broker, one to the database."""

    def __init__(self, room: dict[str, Any], name: str) -> None:
        database: Any = MongoClient(room["mongo"])[room["database"]]
        self._records = database.get_collection(name, write_concern=WriteConcern("majority", j=True))
        self._follows = HOPS[name]
        self._waiting: list[tuple[str, bytes, int]] = []
        self._unread = b""
        self._published = 0
        self._unconfirmed: set[int] = set()
        broker, vhost = urlsplit(room["amqp"]), room["vhost"]
        address = f"{broker.hostname}:{broker.port}"
        self._connection = amqp.Connection(address, broker.username, broker.password, virtual_host=vhost)
        self._connection.connect()
        self._channel = self._connection.channel()
        self._channel.basic_qos(0, _AT_ONCE, a_global=False)
        self._channel.confirm_select()
        self._channel.events["basic_ack"].add(self._confirm)
        for event in self._follows.keys() - {REPORT}:
            self._channel.basic_consume(f"{name}.{event}", callback=partial(self._receive, event))

    def serve(self) -> None:
        """Handle what comes, until standard input is closed."""
        while True:
            batch = self._take()
            received = [(self._follows[event], body, json.loads(body)) for event, body, _ in batch]
            documents = [content for follows, _, content in received if follows is not None]
            if documents:
                self._records.insert_many(documents)
            self._publish(
                [(event, content["data"]["partner"], body) for follows, body, content in received for event in follows or ()]
            )
            last = max(tag for _, _, tag in batch)
            if last:
                self._channel.basic_ack(last, multiple=True)

    def _take(self) -> list[tuple[str, bytes, int]]:
        """Wait for a message, then take those that are there."""
        while len(self._waiting) < _AT_ONCE:
            readable, _, _ = select.select([self._connection.sock, _STDIN], [], [], 0 if self._waiting else None)
            if not readable:
                break
            if _STDIN in readable:
                self._read_reports()
            if self._connection.sock in readable:
                self._connection.drain_events()
        batch, self._waiting = self._waiting[:_AT_ONCE], self._waiting[_AT_ONCE:]
        return batch

    def _read_reports(self) -> None:
        piece = os.read(_STDIN, _PIECE)
        if not piece:
            sys.exit()
        *lines, self._unread = (self._unread + piece).split(b"\n")
        self._waiting += [(REPORT, line, 0) for line in lines]

    def _receive(self, event: str, message: Any) -> None:
        body = message.body
        self._waiting.append((event, body if isinstance(body, bytes) else body.encode(), message.delivery_tag))

    def _publish(self, messages: list[tuple[str, str, bytes]]) -> None:
        """Publish all, then wait until each is confirmed. A message without a queue ends the process (py-amqp raises)."""
        for event, partner, body in messages:
            self._published += 1
            self._unconfirmed.add(self._published)
            exchange, key = ("partners", partner) if event == OFFER else ("events", event)
            self._channel.basic_publish(amqp.Message(body, delivery_mode=2), exchange, key, mandatory=True)
        while self._unconfirmed:
            self._connection.drain_events()

    def _confirm(self, tag: int, multiple: bool) -> None:  # noqa: FBT001  # the broker's own flag
        self._unconfirmed -= {each for each in self._unconfirmed if each <= tag} if multiple else {tag}


def main(room_file: str, name: str) -> None:
    """Serve as one of the four services."""
    Service(json.loads(Path(room_file).read_text()), name).serve()


if __name__ == "__main__":
    main(*sys.argv[1:])
