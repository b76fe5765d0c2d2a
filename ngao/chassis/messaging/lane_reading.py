"""Finds the lanes of outsiders that came while the service runs, and begins to read them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from amqp.exceptions import NotFound
from kombu.connection import Connection
from pymongo.errors import PyMongoError

from ngao.chassis.messaging.subscription import Subscription
from ngao.chassis.messaging.topology import lane_name

PREFETCH = 20
"""So many messages of one outsider are in front of another's, at most."""
_LOOK_EVERY_S = 1.0
_LONGEST_PAUSE_S = 60.0
"""A missing queue costs an error in the broker's log."""


@dataclass
class _Missing:
    """A lane that the broker does not have, and when it is asked again."""

    due: float
    pause: float = 1.0


class LaneReading:
    """The lanes that one connection reads; `read` subscribes a channel to a lane, by its plain name."""

    def __init__(self, subscriptions: Iterable[Subscription], read: Callable[[Any, Subscription, str], None]) -> None:
        self._outsiders = [(each, each.outsiders) for each in subscriptions if each.outsiders]
        self._read = read
        self._reading: set[str] = set()
        self._missing: dict[str, _Missing] = {}
        self._look_at = 0.0

    def forget(self) -> None:
        """The connection is gone."""
        self._reading.clear()
        self._missing.clear()
        self._look_at = 0.0

    def look(self, connection: Connection) -> None:
        """Read what is new, at most once a second. A store that does not answer is asked again at the next look."""
        now = time.monotonic()
        if now < self._look_at:
            return
        self._look_at = now + _LOOK_EVERY_S
        for subscription, outsiders in self._outsiders:
            try:
                lanes = [lane_name(subscription.queue, each) for each in outsiders()]
            except PyMongoError:
                continue
            for lane in lanes:
                if lane not in self._reading and self._is_due(lane, now):
                    self._try(connection, subscription, lane, now)

    def _is_due(self, lane: str, now: float) -> bool:
        return lane not in self._missing or self._missing[lane].due <= now

    def _try(self, connection: Connection, subscription: Subscription, lane: str, now: float) -> None:
        """On a channel of its own: the broker closes it when the queue is missing."""
        channel = connection.channel()
        try:
            self._read(channel, subscription, lane)
        except NotFound:
            missing = self._missing.setdefault(lane, _Missing(now))
            missing.due, missing.pause = now + missing.pause, min(missing.pause * 2, _LONGEST_PAUSE_S)
            return
        self._reading.add(lane)
        self._missing.pop(lane, None)
