"""Finds the lanes of outsiders that came while the service runs, and begins to read them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import eventlet
from amqp.exceptions import NotFound
from kombu.connection import Connection
from pymongo.errors import PyMongoError

from ngao.chassis.messaging.edge_names import EdgeNames
from ngao.chassis.messaging.queues import Subscription, lane_name

_MOST_OF_ONE, _FEWEST_OF_ONE, _MOST_OF_ALL = 20, 2, 100
"""Messages that the broker sends before the first of them is acknowledged: they are in memory."""
_LOOK_EVERY_S, _LOOK_WITHIN_S = 1.0, 0.5
_ANSWERS_WITHIN_S = 10.0
_MISSING_S = (1.0, 15.0)
"""The first and the longest pause before a missing lane is asked for again: each question is an error in the broker's log."""
_UNWELL_S = (5.0, 600.0)
"""The same for a lane at which the connection was lost: a queue that was half made, or has no leader."""


@dataclass(frozen=True)
class Reader:
    """How a lane is read: `consume(channel, subscription, name on the broker, prefetch, on_cancel)`."""

    names: EdgeNames
    ids: Callable[[str], Iterable[str]]
    consume: Callable[[Any, Subscription, str, int, Callable[[str], None]], None]


class Pauses:
    """When what failed is tried again: the pause doubles from the first to the longest, in seconds."""

    def __init__(self, first: float, longest: float) -> None:
        self._first, self._longest = first, longest
        self._known: dict[str, tuple[float, float]] = {}

    def is_due(self, name: str) -> bool:
        """Return True if it may be tried now."""
        return name not in self._known or self._known[name][0] <= time.monotonic()

    def failed(self, name: str) -> None:
        """Try it again after its pause."""
        pause = min(self._known[name][1] * 2, self._longest) if name in self._known else self._first
        self._known[name] = (time.monotonic() + pause, pause)

    def done(self, name: str) -> None:
        """Reset the pause after a success."""
        self._known.pop(name, None)


class LaneReading:
    """The lanes that one connection reads. All are on one channel: the broker's prefetch counts for each consumer alone.

    A lane at which the connection is lost is left alone for a while, over the next connections, too: one that is not well must
    not keep the others from being read.
    """

    def __init__(self, subscriptions: Iterable[Subscription], reader: Reader | None) -> None:
        self._with_lanes = [(each, each.outsiders) for each in subscriptions if each.outsiders]
        self._reader = reader
        self._missing, self._unwell = Pauses(*_MISSING_S), Pauses(*_UNWELL_S)
        self.forget()

    def forget(self) -> None:
        """Mark the connection as lost."""
        self._reading: set[str] = set()
        self._look_at = 0.0
        self._asking: Any = None
        self._lanes: Any = None

    def look(self, connection: Connection) -> None:
        """Read what is new, at most once a second; raises ConnectionError for a broker that does not answer in ten.

        A store that does not answer is asked again at the next look.
        """
        now = time.monotonic()
        if self._reader is None or now < self._look_at:
            return
        for subscription, collection in self._with_lanes:
            try:
                lanes = [lane_name(subscription.queue, each) for each in self._reader.ids(collection)]
            except PyMongoError:
                continue
            prefetch = max(_FEWEST_OF_ONE, min(_MOST_OF_ONE, _MOST_OF_ALL // max(1, len(lanes))))
            for lane in lanes:
                if lane not in self._reading and self._missing.is_due(lane) and self._unwell.is_due(lane):
                    self._try(self._reader, connection, subscription, lane, prefetch)
                    if time.monotonic() > now + _LOOK_WITHIN_S:
                        return  # continue at the next turn, after the work
        self._look_at = now + _LOOK_EVERY_S

    def _try(self, reader: Reader, connection: Connection, subscription: Subscription, lane: str, prefetch: int) -> None:
        self._unwell.failed(lane)
        name = reader.names.on_broker(lane)
        with eventlet.Timeout(_ANSWERS_WITHIN_S, ConnectionError("the broker does not answer")):
            self._asking = self._asking or connection.channel()
            try:
                self._asking.queue_declare(name, passive=True)
            except NotFound:  # the client opens the channel again by itself
                self._missing.failed(lane)
            else:
                self._lanes = self._lanes or connection.channel()
                reader.consume(self._lanes, subscription, name, prefetch, lambda _: self._gone(lane))
                self._reading.add(lane)
                self._missing.done(lane)
        self._unwell.done(lane)

    def _gone(self, lane: str) -> None:
        self._reading.discard(lane)
        self._missing.failed(lane)
