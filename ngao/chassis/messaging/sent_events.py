"""Sent events are stored for a replay, because a broker or a consumer may lose them.

A replayed entry keeps its id and its bytes, so that consumers recognise it: inboxes are kept far longer
than outboxes. It goes the way of every entry that waits; nothing here publishes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo import ASCENDING
from pymongo.errors import PyMongoError

from ngao.chassis.clock import Clock
from ngao.chassis.observability.logs import describe_error, get_logger
from ngao.chassis.storage.connection import JOURNAL, Store
from ngao.chassis.storage.unit_of_work import Unit
from ngao.chassis.storage.units import Units
from ngao.kernel.actors import Actor

_AT_ONCE = 2_000
_IN_ONE_WRITE = 500
_log = get_logger(__name__)


@dataclass(frozen=True)
class Order:
    """The sent events to replay: those sent from `since` on and before `before`, to one destination or to all."""

    since: datetime
    before: datetime
    to: str | None = None

    def chooses(self) -> dict[str, Any]:
        """Return the choice as a filter of the store."""
        sent = {"sent_at": {"$gte": self.since, "$lt": self.before}}
        return {**sent, "to": self.to} if self.to else sent


class SentEvents:
    """The sent events of one service, which are entries of its outbox until their days are over."""

    def __init__(self, store: Store, units: Units, clock: Clock) -> None:
        self._outbox = store.durable(JOURNAL)
        self._units = units
        self._clock = clock

    def replay(self, order: Order, *, by: Actor, reason: str) -> tuple[int, bool]:
        """Let a bounded number of them wait again; how many, and whether there are more. Audited before it is done."""
        self._units.run(lambda unit: _audit(unit, order, by, reason))
        found = self._outbox.find(order.chooses(), {"_id": 1}).sort("sent_at", ASCENDING).limit(_AT_ONCE)
        ids = [each["_id"] for each in found]
        for first in range(0, len(ids), _IN_ONE_WRITE):
            self._outbox.update_many({"_id": {"$in": ids[first : first + _IN_ONE_WRITE]}, **order.chooses()}, self._again())
        return len(ids), len(ids) == _AT_ONCE

    def erase(self, subject: str, since: datetime) -> None:
        """Remove the sent events about a subject, none of which is older than `since`: they hold boxes, and are not replayed.

        Never raises: what a store that fails leaves here is gone when its days are over.
        """
        try:
            self._outbox.delete_many({"sent_at": {"$gte": since}, "subject": subject})
        except PyMongoError as error:
            _log.warning("outbox.not_forgotten", subject=subject, **describe_error(error))

    def republish(self, subject: str, since: datetime, *, to: str) -> None:
        """Let what was sent about a subject to one destination wait again, of which nothing is older than `since`.

        Never raises: the caller will ask again.
        """
        try:
            self._outbox.update_many({"sent_at": {"$gte": since}, "subject": subject, "to": to}, self._again())
        except PyMongoError as error:
            _log.warning("outbox.not_told_again", subject=subject, **describe_error(error))

    def _again(self) -> dict[str, Any]:
        return {"$set": {"lease": "", "leased_until": self._clock.now(), "trouble": None}, "$unset": {"sent_at": ""}}


def _audit(unit: Unit, order: Order, by: Actor, reason: str) -> None:
    detail = {"since": order.since.isoformat(), "before": order.before.isoformat(), "to": order.to or "all", "reason": reason}
    unit.audit("outbox.replayed", subject="outbox", actor=by, detail=detail)
