"""The outbox relay: publishes committed entries immediately, and sweeps up those that a crash left.

Entries handed over after a commit are leased to this process already. The sweep claims entries whose lease has expired
with one conditional update (no transaction: a claim must never abort someone's commit). An entry is marked as sent only
after the broker's confirm; an ambiguous publish is repeated with the same message id, which inboxes know. Whether an entry
that must be allowed may still leave is asked each time, right before it is published (see `rechecks`).
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from pymongo import ASCENDING
from pymongo.errors import PyMongoError

from ngao.chassis.clock import Clock
from ngao.chassis.messaging.destinations import DESTINATIONS, EVENTS
from ngao.chassis.messaging.free_entries import FreeEntries
from ngao.chassis.messaging.outbox import URGENT, WAITING, Entry
from ngao.chassis.messaging.publisher import WINDOW, Outcome, Outgoing, Publisher
from ngao.chassis.messaging.rechecks import Answer, Rechecks
from ngao.chassis.messaging.settling import Settling
from ngao.chassis.observability.logs import describe_error, get_logger
from ngao.chassis.observability.metrics import Metrics
from ngao.chassis.storage.connection import JOURNAL, Store
from ngao.chassis.storage.units import attempt
from ngao.contracts import UnknownType, type_named

LEASE = timedelta(seconds=12)
_SWEEP_EVERY_S = 1.0
_ASKING_S = 1.0
"""No longer than this is asked at one turn, so that others do not wait for answers and the leases of the batch hold."""
_PAUSE_S = 1.0
"""How long the relay rests after an unexpected error."""
_FURTHEST = timedelta(minutes=5)
"""No lease reaches this far: one that does was written by a clock that was wrong, and holds nothing."""
_MOST_HELD = 20_000


class Relay:
    """One per process; `run` is its only thread and the only user of its connections."""

    def __init__(
        self,
        store: Store,
        clock: Clock,
        publisher_for: Callable[[bool], Publisher],
        metrics: Metrics,
        rechecks: Rechecks,
    ) -> None:
        self._outbox = store.durable(JOURNAL)
        self._clock = clock
        self._publishers = {edge: publisher_for(edge) for edge in (False, True)}
        self._metrics = metrics
        self._rechecks = rechecks
        self._token = uuid4().hex
        self._held: dict[bool, deque[Entry]] = {True: deque(), False: deque()}  # urgent ones, and routine ones
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._free = FreeEntries(self._outbox)
        self._next_sweep = 0.0  # on the monotonic clock: a wall clock that is set back must not stop the sweep
        self._settling = Settling(store, clock, metrics)
        self._log = get_logger("relay")

    def lease(self) -> tuple[str, datetime]:
        """Return the lease for entries that this process commits; none when its hands are full: the sweep takes them."""
        if sum(map(len, self._held.values())) > _MOST_HELD:
            return "", self._clock.now()
        return self._token, self._clock.now() + LEASE

    def hand_over(self, entries: list[Entry]) -> None:
        """Take what was just committed; called after the commit, never before."""
        for entry in entries:
            if entry.lease == self._token:
                self._held[entry.priority == URGENT].append(entry)
        self._wake.set()

    def run(self) -> None:
        """Publish until stopped; survives the loss of the broker and of the store, and every other error."""
        while not self._stopping.is_set():
            try:
                self._turn()
            except Exception as error:  # noqa: BLE001  # without its relay a process would acknowledge and publish no more
                self._survive(error)
                self._stopping.wait(_PAUSE_S)
        try:
            self._finish()
        except Exception as error:  # noqa: BLE001  # what is held stays leased, for the sweep of the next start
            self._survive(error)

    def _turn(self) -> None:
        if batch := self._next_batch():
            self._publish(batch)
        elif not self._sweep():
            self._wait()
        self._settling.end_due()

    def _survive(self, error: Exception) -> None:
        self._metrics.relay_failed.labels("error").inc()
        self._log.error("relay.failed", **describe_error(error))

    def stop(self) -> None:
        """Ask `run` to publish what it holds and end."""
        self._stopping.set()
        self._wake.set()

    def problem(self) -> str | None:
        """Return why events cannot leave, for readiness, or nothing."""
        return self._settling.trouble()

    def _next_batch(self) -> list[Entry]:
        batch: list[Entry] = []
        still_mine = self._clock.now()
        for queue in self._held.values():  # urgent ones first
            while queue and len(batch) < WINDOW:
                entry = queue.popleft()
                if entry.leased_until > still_mine:
                    batch.append(entry)
        return batch

    def _publish(self, batch: list[Entry]) -> None:
        """Publish a batch. Entries that need a recheck come last: no other entry waits for their answers."""
        asked: list[Entry] = []
        others: list[Entry] = []
        for entry in batch:
            (asked if self._rechecks.concern(entry) else others).append(entry)
        self._send(others)
        self._send(self._allowed(asked))

    def _send(self, batch: list[Entry]) -> None:
        """Write to both virtual hosts before waiting for either; to the edge first, because outsiders wait there."""
        parts = {edge: [entry for entry in batch if DESTINATIONS[entry.to].edge is edge] for edge in (True, False)}
        begun = [(edge, entries, self._begin(edge, entries)) for edge, entries in parts.items() if entries]
        for edge, entries, error in begun:
            outcomes = self._outcomes(edge, entries, error)
            if Outcome.UNKNOWN in outcomes:
                self._rechecks.news.doubted()
            self._settling.settle(list(zip(entries, outcomes, strict=True)))

    def _begin(self, edge: bool, entries: list[Entry]) -> Exception | None:  # noqa: FBT001  # which of the two publishers
        """Return what fails. A broken connection is an outcome; whatever this is, it is one entry's fault."""
        return attempt(lambda: self._publishers[edge].begin([_outgoing(entry) for entry in entries]))

    def _outcomes(self, edge: bool, entries: list[Entry], error: Exception | None) -> list[Outcome]:  # noqa: FBT001
        """Wait for what was begun. An entry that the broker cannot be given is found by halving, and holds no other."""
        found: list[Outcome] | Exception = error if error is not None else attempt(self._publishers[edge].outcomes)
        if not isinstance(found, Exception):
            return found
        self._publishers[edge].close()
        if len(entries) == 1:
            self._log.error("relay.not_publishable", message_id=entries[0].message_id, **describe_error(found))
            return [Outcome.FAILED]
        middle = len(entries) // 2
        halves = (entries[:middle], entries[middle:])
        return [outcome for half in halves for outcome in self._outcomes(edge, half, self._begin(edge, half))]

    def _allowed(self, entries: list[Entry]) -> list[Entry]:
        """Return those that may leave now. Refused ones are deleted from the outbox, unchecked ones wait."""
        answers: dict[str, Answer] = {}
        until = time.monotonic() + _ASKING_S
        for at, entry in enumerate(entries):
            if entry.message_id in answers:
                continue
            if time.monotonic() > until:
                for late in reversed(entries[at:]):  # first in the next turn, as long as their leases hold
                    self._held[late.priority == URGENT].appendleft(late)
                entries = entries[:at]
                break
            answers[entry.message_id] = self._rechecks.answer(entry)
        waiting = [(entry, Outcome.UNANSWERED) for entry in entries if answers[entry.message_id] is Answer.UNANSWERED]
        if waiting:
            self._settling.settle(waiting)
        return [entry for entry in entries if answers[entry.message_id] is Answer.LEAVES]

    def _sweep(self) -> bool:
        """Claim a window of entries without a lease. Returns True if there were any."""
        if time.monotonic() < self._next_sweep:
            return False
        self._settling.end()  # or it would claim what is sent, if that has taken longer than a lease
        try:
            claimed = self._claim(self._clock.now())
        except PyMongoError as error:
            self._log.warning("relay.sweep_failed", kind=type(error).__name__)
            claimed = []
        for entry in claimed:
            if _is_for_notices_alone(entry):
                self._settling.settle([(entry, Outcome.CONFIRMED)])
            else:
                self._held[entry.priority == URGENT].append(entry)
        if not claimed:
            self._next_sweep = time.monotonic() + _SWEEP_EVERY_S
        return bool(claimed)

    def _claim(self, now: datetime) -> list[Entry]:
        free = {"$or": [{"leased_until": {"$lte": now}}, {"leased_until": {"$gt": now + _FURTHEST}}]}
        ids = self._free.ids(now, free)
        if not ids:
            return []
        claim, until = f"{self._token}-{uuid4().hex}", now + LEASE
        self._outbox.update_many({"_id": {"$in": ids}, **free}, {"$set": {"lease": claim, "leased_until": until}})
        claimed = self._outbox.find({"lease": claim, **WAITING}).sort("created_at", ASCENDING)
        return [replace(entry, lease=claim) for document in claimed if (entry := self._read(document))]

    def _read(self, document: Mapping[str, Any]) -> Entry | None:
        """Read an entry. One that cannot be read stays in the outbox and delays no other."""
        try:
            entry = Entry.from_document(document)
            DESTINATIONS[entry.to]
        except (KeyError, TypeError) as error:
            self._metrics.relay_failed.labels("unreadable").inc()
            self._log.error("relay.not_readable", message_id=str(document["_id"]), **describe_error(error))
            return None
        return entry

    def _wait(self) -> None:
        for publisher in self._publishers.values():
            publisher.idle()
        self._wake.wait(timeout=self._settling.due_in_s(0.5))
        self._wake.clear()

    def _finish(self) -> None:
        """Publish what is held, once; what fails is left for the sweep of the next start."""
        while batch := self._next_batch():
            self._publish(batch)
        self._settling.end()
        for publisher in self._publishers.values():
            publisher.close()


def _is_for_notices_alone(entry: Entry) -> bool:
    """Return True for an event of an earlier version of which all get the notice alone by now: no queue is bound for it."""
    if entry.to != EVENTS:
        return False
    try:
        return type_named(entry.routing_key.partition(".")[2]).is_for_notices_alone
    except UnknownType:
        return False


def _outgoing(entry: Entry) -> Outgoing:
    return Outgoing(
        DESTINATIONS[entry.to].exchange, entry.routing_key, entry.body, entry.content_type, entry.message_id, entry.headers
    )
