"""What waits in the outbox, as operators and metrics see it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pymongo import ASCENDING

from ngao.chassis.clock import Clock
from ngao.chassis.messaging.outbox import WAITING
from ngao.chassis.storage.connection import OLDEST_WAITING, Store

_SHOWN = 50


class Backlog:
    """One service's entries that are not sent yet, whichever of its processes will send them."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._outbox = store.durable("outbox")
        self._clock = clock

    def size(self) -> tuple[int, float]:
        """How many entries wait, and the age of the oldest in seconds."""
        oldest = self._oldest()
        age = (self._clock.now() - oldest).total_seconds() if oldest else 0.0
        return self._waiting(), max(0.0, age)

    def status(self) -> dict[str, Any]:
        """What an operator sees: how many wait, how old the oldest is, which are in trouble."""
        oldest = self._oldest()
        troubled = self._outbox.find({"trouble": {"$ne": None}, **WAITING}, {"body": 0, "headers": 0}).limit(_SHOWN)
        return {
            "waiting": self._waiting(),
            "oldest_created_at": oldest.isoformat() if oldest else None,
            "troubled": [
                {name: entry[name] for name in ("message_id", "to", "routing_key", "attempts", "trouble")} for entry in troubled
            ],
        }

    def _waiting(self) -> int:
        return self._outbox.count_documents(WAITING)

    def _oldest(self) -> datetime | None:
        found = self._outbox.find_one(WAITING, {"created_at": 1}, sort=[("created_at", ASCENDING)], hint=OLDEST_WAITING)
        return found["created_at"] if found else None
