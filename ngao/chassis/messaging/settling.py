"""Settle entries that were published: the confirmed are sent, the others wait for their next turn.

The confirmed are marked as sent some time later, many together: a relay that ends badly in between only publishes them again,
with the ids that inboxes know.
An outsider whose queue is missing or full delays no other: its entries wait, one of them is tried every few
seconds, and when that one succeeds all others follow immediately.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import timedelta

from pymongo import UpdateOne
from pymongo.errors import PyMongoError
from pymongo.write_concern import WriteConcern

from ngao.chassis.clock import Clock
from ngao.chassis.messaging.destinations import DESTINATIONS, recipient_of
from ngao.chassis.messaging.outbox import Entry, unreached
from ngao.chassis.messaging.publisher import OF_RECIPIENTS, Outcome
from ngao.chassis.observability.logs import get_logger
from ngao.chassis.observability.metrics import Metrics
from ngao.chassis.storage.connection import IN_TROUBLE, JOURNAL, Store

Settled = tuple[Entry, Outcome]
Recipient = tuple[str, str]
"""The destination, and the id of the outsider."""

_TOGETHER_S, _MANY = 0.25, 200
_SOON, _LATER, _BEHIND = timedelta(seconds=1), timedelta(seconds=5), timedelta(seconds=60)
_WAIT = {
    Outcome.REFUSED: _SOON,
    Outcome.UNKNOWN: _SOON,
    Outcome.UNROUTABLE: _LATER,
    Outcome.UNANSWERED: _SOON,
    Outcome.FAILED: _LATER,
}
_OF_ALL = frozenset({Outcome.UNROUTABLE, Outcome.REFUSED, Outcome.UNKNOWN})
"""Where no recipient is at fault these keep all events here."""


class Settling:
    """One relay's book-keeping."""

    def __init__(self, store: Store, clock: Clock, metrics: Metrics) -> None:
        self._troubles: dict[str, str] = {}
        self._confirmed: list[Entry] = []
        self._due = 0.0
        self._outbox = store.durable(JOURNAL)
        # An entry whose end is lost in a crash is published again, with the id that inboxes know: no sync for that.
        self._done = store.database.get_collection(JOURNAL, write_concern=WriteConcern(1, j=False))
        self._clock = clock
        self._metrics = metrics
        self._log = get_logger("relay")

    def settle(self, settled: list[Settled]) -> None:
        """Store the outcomes: of the confirmed soon, of all others immediately.

        A store that fails raises nothing: the entries stay leased, and are published again after that.
        """
        confirmed = [entry for entry, outcome in settled if outcome is Outcome.CONFIRMED]
        others: list[Settled] = [(entry, outcome) for entry, outcome in settled if outcome is not Outcome.CONFIRMED]
        self._count(confirmed, others)
        if not self._confirmed:
            self._due = time.monotonic() + _TOGETHER_S
        self._confirmed += confirmed
        try:
            if others:
                self._outbox.bulk_write(list(self._postponed(others)), ordered=False)
            took_nothing = _all_at_fault((entry, entry.trouble) for entry in confirmed)
            for to, recipient in took_nothing - _all_at_fault(others):
                self._release(to, recipient)
        except PyMongoError as error:
            self._log.warning("relay.store_failed", kind=type(error).__name__, count=len(settled))
        self._note_trouble(confirmed, others)

    def due_in_s(self, longest: float) -> float:
        """Return how many seconds the relay may rest before the confirmed are due."""
        return min(max(self._due - time.monotonic(), 0.0), longest) if self._confirmed else longest

    def end_due(self) -> None:
        """Mark the confirmed as sent, if they are many or have waited long enough."""
        if len(self._confirmed) >= _MANY or (self._confirmed and time.monotonic() >= self._due):
            self.end()

    def end(self) -> None:
        """Mark the confirmed as sent. A store that fails raises nothing."""
        confirmed, self._confirmed = self._confirmed, []
        try:
            self._end(confirmed)
        except PyMongoError as error:
            self._log.warning("relay.store_failed", kind=type(error).__name__, count=len(confirmed))

    def trouble(self) -> str | None:
        """Return why events cannot leave, for readiness."""
        return next(iter(self._troubles.values()), None)

    def _end(self, confirmed: list[Entry]) -> None:
        """Mark what is kept as sent, and remove the rest. An entry whose lease is another by now is another's to publish."""
        leases = sorted({entry.lease for entry in confirmed})
        kept = [entry.id for entry in confirmed if DESTINATIONS[entry.to].kept]
        gone = [entry.id for entry in confirmed if not DESTINATIONS[entry.to].kept]
        if kept:
            sent = {"$set": {"sent_at": self._clock.now(), "trouble": None}, "$unset": {"lease": "", "leased_until": ""}}
            self._done.update_many({"_id": {"$in": kept}, "lease": {"$in": leases}}, sent)
        if gone:
            self._done.delete_many({"_id": {"$in": gone}, "lease": {"$in": leases}})

    def _count(self, confirmed: list[Entry], others: list[Settled]) -> None:
        for to, count in Counter(entry.to for entry in confirmed).items():
            self._metrics.relayed.labels(to).inc(count)
        for _, outcome in others:
            self._metrics.relay_failed.labels(outcome.value).inc()

    def _postponed(self, others: list[Settled]) -> Iterator[UpdateOne]:
        """Postpone entries: of each recipient that takes nothing the first is tried again soon; the others wait behind it."""
        tried: set[Recipient] = set()
        for entry, outcome in others:
            wait = _WAIT[outcome]
            if recipient := _at_fault(entry, outcome):
                wait = _BEHIND if recipient in tried else _LATER
                tried.add(recipient)
            change = {
                "$set": {"lease": "", "leased_until": self._clock.now() + wait, "trouble": outcome.value},
                "$inc": {"attempts": 1},
            }
            yield UpdateOne({"_id": entry.id, "lease": entry.lease}, change)

    def _release(self, to: str, recipient: str) -> None:
        """Release a recipient's backlog to the next sweep, because it accepts messages again."""
        waiting = {**unreached(), "to": to, "lease": "", "routing_key": {"$regex": f"^{re.escape(recipient)}\\."}}
        self._outbox.update_many(waiting, {"$set": {"leased_until": self._clock.now()}}, hint=IN_TROUBLE)

    def _note_trouble(self, confirmed: list[Entry], others: list[Settled]) -> None:
        """Note a recipient's own fault, which does not concern the service's readiness (see `backlog`)."""
        if others:
            entry, outcome = others[0]
            self._log.warning("relay.not_confirmed", to=entry.to, outcome=outcome.value, count=len(others))
        for to in {entry.to for entry in confirmed}:
            self._troubles.pop(to, None)
        for entry, outcome in others:
            if outcome in _OF_ALL and not _at_fault(entry, outcome):
                self._troubles[entry.to] = f"Events cannot leave: publishing to {entry.to} is {outcome.value}."


def _at_fault(entry: Entry, outcome: str | None) -> Recipient | None:
    """Return the recipient whose own fault it is that an entry was not accepted, or None."""
    who = recipient_of(entry.routing_key, entry.to) if outcome in OF_RECIPIENTS else None
    return (entry.to, who) if who else None


def _all_at_fault(settled: Iterable[tuple[Entry, str | None]]) -> set[Recipient]:
    return set(filter(None, (_at_fault(entry, outcome) for entry, outcome in settled)))
