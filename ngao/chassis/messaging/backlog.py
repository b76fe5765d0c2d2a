"""The backlog of the outbox, for operators and metrics."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo import ASCENDING

from ngao.chassis.clock import Clock
from ngao.chassis.messaging.destinations import DESTINATIONS, to_outsiders
from ngao.chassis.messaging.outbox import WAITING, unreached
from ngao.chassis.messaging.publisher import Outcome
from ngao.chassis.observability.metrics import Metrics
from ngao.chassis.storage.connection import IN_TROUBLE, JOURNAL, OLDEST_WAITING, Store

_SHOWN, _NAMED = 50, 5
_WHY = {Outcome.UNROUTABLE: "has no queue", Outcome.REFUSED: "has a queue that takes nothing more"}


@dataclass(frozen=True)
class Unreached:
    """A recipient that takes nothing: since when something waits for it, how much, and what the broker answers."""

    to: str
    recipient: str
    waiting: int
    since: datetime
    trouble: str


class Backlog:
    """One service's entries that are not sent yet, whichever of its processes will send them."""

    def __init__(self, store: Store, clock: Clock) -> None:
        self._outbox = store.durable(JOURNAL)
        self._clock = clock
        self._seen: list[Unreached] = []

    def status(self) -> dict[str, Any]:
        """Return for an operator: how many wait, how old the oldest is, which are in trouble, and blocked outsiders."""
        oldest = self._oldest()
        troubled = self._outbox.find({"trouble": {"$ne": None}, **WAITING}, {"body": 0, "headers": 0}).limit(_SHOWN)
        return {
            "waiting": self._waiting(),
            "oldest_created_at": oldest.isoformat() if oldest else None,
            "troubled": [
                {name: entry[name] for name in ("message_id", "to", "routing_key", "attempts", "trouble")} for entry in troubled
            ],
            "unreached": [{**vars(each), "since": each.since.isoformat()} for each in self.unreached()],
        }

    def unreached(self) -> list[Unreached]:
        """Return every outsider whose queue is missing or accepts nothing, with its backlog."""
        found = self._outbox.aggregate(
            [
                {"$match": unreached()},
                {"$set": {"recipient": {"$arrayElemAt": [{"$split": ["$routing_key", "."]}, 0]}}},
                {"$group": {
                    "_id": {"to": "$to", "recipient": "$recipient"},
                    "waiting": {"$sum": 1}, "since": {"$min": "$created_at"}, "trouble": {"$min": "$trouble"},
                }},
                {"$sort": {"since": ASCENDING}},
            ],
            hint=IN_TROUBLE,
        )  # fmt: skip
        return [Unreached(**each["_id"], waiting=each["waiting"], since=each["since"], trouble=each["trouble"]) for each in found]

    def measure(self, metrics: Metrics) -> None:
        """Keep the gauges, and what readiness warns of: it is answered without a store."""
        metrics.pending.set(self._waiting())
        metrics.oldest.set(self._age_s(self._oldest()))
        self._seen = self.unreached()
        for to in to_outsiders():
            since = [each.since for each in self._seen if each.to == to]
            metrics.unreached.labels(to).set(len(since))
            metrics.unreached_s.labels(to).set(self._age_s(min(since, default=None)))

    def warning(self) -> str | None:
        """Return the outsiders that accept nothing, as of the last measurement."""
        return " ".join(map(_sentence, self._seen[:_NAMED])) or None

    def _waiting(self) -> int:
        return self._outbox.count_documents(WAITING)

    def _age_s(self, since: datetime | None) -> float:
        return max(0.0, (self._clock.now() - since).total_seconds()) if since else 0.0

    def _oldest(self) -> datetime | None:
        """Return when the oldest entry that no recipient keeps waiting was committed."""
        of_all = {**WAITING, "$nor": [unreached()]}
        found = self._outbox.find_one(of_all, {"created_at": 1}, sort=[("created_at", ASCENDING)], hint=OLDEST_WAITING)
        return found["created_at"] if found else None


def _sentence(found: Unreached) -> str:
    who, many = DESTINATIONS[found.to].outsiders, "event waits" if found.waiting == 1 else "events wait"
    way = f"`ngao {who} add` makes a missing queue" if found.trouble == Outcome.UNROUTABLE else f"the {who} must empty it"
    return (
        f"The {who} {found.recipient} {_WHY[Outcome(found.trouble)]}: {found.waiting} {many} for it since "
        f"{found.since:%Y-%m-%d %H:%M} UTC; {way}."
    )
