"""Finds the lanes of outsiders that came while the service runs, and begins to read them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import eventlet
from amqp.exceptions import ChannelError
from kombu.connection import Connection
from pymongo.errors import PyMongoError

from ngao.chassis.messaging.edge_names import EdgeNames
from ngao.chassis.messaging.subscription import Subscription
from ngao.chassis.messaging.topology import lane_name

_MOST_OF_ONE, _FEWEST_OF_ONE, _MOST_OF_ALL = 20, 2, 100
"""Messages that the broker hands out before the first of them is acknowledged: they stand in memory."""
_LOOK_EVERY_S = 1.0
_LONGEST_PAUSE_S = 15.0
"""Between two questions for a lane that is missing: each is an error in the broker's log."""
_ANSWERS_WITHIN_S = 10.0


@dataclass(frozen=True)
class Reader:
    """How a lane is read: `consume(channel, subscription, name on the broker, prefetch, on_cancel)`."""

    names: EdgeNames
    ids: Callable[[str], Iterable[str]]
    consume: Callable[[Any, Subscription, str, int, Callable[[str], None]], None]


@dataclass
class _Missing:
    """A lane that the broker does not have, and when it is asked again."""

    due: float
    pause: float = 1.0


class LaneReading:
    """The lanes that one connection reads. All are on one channel: the broker's prefetch counts for each consumer alone."""

    def __init__(self, subscriptions: Iterable[Subscription], reader: Reader | None) -> None:
        self._with_lanes = [(each, each.outsiders) for each in subscriptions if each.outsiders]
        self._reader = reader
        self.forget()

    def forget(self) -> None:
        """The connection is gone."""
        self._reading: set[str] = set()
        self._missing: dict[str, _Missing] = {}
        self._look_at = 0.0
        self._asking: Any = None
        self._lanes: Any = None

    def look(self, connection: Connection) -> None:
        """Read what is new, at most once a second. What store or broker does not answer is asked again at a later look."""
        now = time.monotonic()
        if self._reader is None or now < self._look_at:
            return
        self._look_at = now + _LOOK_EVERY_S
        for subscription, collection in self._with_lanes:
            try:
                lanes = [lane_name(subscription.queue, each) for each in self._reader.ids(collection)]
            except PyMongoError:
                continue
            prefetch = max(_FEWEST_OF_ONE, min(_MOST_OF_ONE, _MOST_OF_ALL // max(1, len(lanes))))
            for lane in lanes:
                if lane not in self._reading and self._is_due(lane, now):
                    self._try(self._reader, connection, subscription, lane, prefetch)
                    if self._asking is None:
                        return

    def _is_due(self, lane: str, now: float) -> bool:
        return lane not in self._missing or self._missing[lane].due <= now

    def _try(self, reader: Reader, connection: Connection, subscription: Subscription, lane: str, prefetch: int) -> None:
        name = reader.names.on_broker(lane)
        if not self._is_there(connection, name):
            self._miss(lane)
            return
        with eventlet.Timeout(_ANSWERS_WITHIN_S, ConnectionError("the broker does not answer")):
            self._lanes = self._lanes or connection.channel()
            reader.consume(self._lanes, subscription, name, prefetch, lambda _: self._miss(lane))
        self._reading.add(lane)
        self._missing.pop(lane, None)

    def _is_there(self, connection: Connection, name: str) -> bool:
        """After an answer that does not come the channel is not used again: the answer may still come, to another question."""
        found = False
        asking, self._asking = self._asking, None
        with eventlet.Timeout(_ANSWERS_WITHIN_S, exception=False):
            asking = asking or connection.channel()
            with suppress(ChannelError):  # the client opens the channel again by itself
                asking.queue_declare(name, passive=True)
                found = True
            self._asking = asking
        return found

    def _miss(self, lane: str) -> None:
        """It is not there, or not any more."""
        self._reading.discard(lane)
        missing = self._missing.setdefault(lane, _Missing(0.0))
        missing.due, missing.pause = time.monotonic() + missing.pause, min(missing.pause * 2, _LONGEST_PAUSE_S)
