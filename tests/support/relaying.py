"""A relay on a real store, with a publisher that answers as the test wants: what the broker does is tried elsewhere."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import cast
from uuid import uuid4

from ngao.chassis.clock import SystemClock
from ngao.chassis.messaging.backlog import Backlog
from ngao.chassis.messaging.destinations import EVENTS
from ngao.chassis.messaging.news import News
from ngao.chassis.messaging.outbox import entry_of
from ngao.chassis.messaging.publisher import Outcome, Outgoing, Publisher
from ngao.chassis.messaging.rechecks import Rechecks
from ngao.chassis.messaging.relay import Relay
from ngao.chassis.observability.metrics import Metrics
from ngao.chassis.settings import StoreSettings
from ngao.chassis.storage.committer import GroupCommitter
from ngao.chassis.storage.connection import Store
from ngao.chassis.storage.unit_of_work import Publication
from ngao.chassis.storage.units import Units
from ngao.contracts import Event, encode, make
from ngao.testing.processes import World
from tests.support.auditing import journal_of

DATA = {"reason": "completed", "county": "nairobi", "needs": [], "urgency": "high", "reasons": [], "told": []}


class Answering:
    """A publisher: it confirms, but for recipients whose queue is missing, and raises at what is poison to it."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.tried: list[str] = []
        self.missing: set[str] = set()
        self.poison: set[str] = set()
        self.faulty = False
        self._batch: Sequence[Outgoing] = ()

    def begin(self, batch: Sequence[Outgoing]) -> None:
        if self.poison & {each.message_id for each in batch}:
            raise RuntimeError("This cannot be written.")
        self._batch = batch

    def outcomes(self) -> list[Outcome]:
        batch = self._batch
        self.tried += [each.message_id for each in batch]
        outcomes = [
            Outcome.UNROUTABLE if each.routing_key.partition(".")[0] in self.missing else Outcome.CONFIRMED for each in batch
        ]
        self.sent += [each.message_id for each, outcome in zip(batch, outcomes, strict=True) if outcome is Outcome.CONFIRMED]
        return outcomes

    def idle(self) -> None:
        """No connection to keep; `faulty` raises what no publisher should."""
        if self.faulty:
            raise RuntimeError("a fault")

    def close(self) -> None:
        """No connection to close."""


class Running:
    """A relay on a real store, whose questions are those of the test."""

    def __init__(self, store: Store, publisher: Publisher | None = None) -> None:
        self.store, self.outbox, clock = store, store.database["outbox"], SystemClock()
        self.publisher = Answering()
        self.rechecks = Rechecks(store, "referral", News())
        self.metrics, self.backlog = Metrics(), Backlog(store, clock)
        used = publisher or cast("Publisher", self.publisher)
        self.relay = Relay(store, clock, lambda _edge: used, self.metrics, self.rechecks)
        committer = GroupCommitter(
            store, clock.now, self.relay.hand_over, lease=self.relay.lease, encode=encode,
            journal=journal_of(store.database),
        )  # fmt: skip
        self.units = Units(clock, None, store.lookups, committer)  # type: ignore[arg-type]  # nothing is sealed
        self.rechecks.decide_in(self.units)
        self._thread = threading.Thread(target=self.relay.run, daemon=True)

    def holds(self, *types: str, to: Sequence[str] = (EVENTS,), partner: str = "partner-a") -> list[str]:
        """One event of each type, oldest first. The ids of the events."""
        now, ids = datetime.now(UTC), []
        for each in types:
            event = event_of(each, partner)
            lease = ("", now - timedelta(seconds=1))
            entries = [entry_of(Publication(event, place), 1, None, now, lease, encode=encode) for place in to]
            self.outbox.insert_many([entry.as_document() for entry in entries])
            ids.append(event.id)
        return ids

    def begins(self) -> None:
        self._thread.start()

    def ends(self) -> None:
        self.relay.stop()
        if self._thread.is_alive():
            self._thread.join(10)


def event_of(kind: str, partner: str = "partner-a") -> Event:
    subject = f"NG-{uuid4().hex[:10].upper()}"
    return make(kind, subject=subject, data=DATA | {"case_ref": subject}, partner_id=partner)


@contextmanager
def a_relay(world: World, publisher: Publisher | None = None) -> Iterator[Running]:
    """In a database of its own, with the broker where the test gives a publisher to it; it begins when the test says so."""
    name = f"relay_{uuid4().hex[:8]}"
    store = Store(StoreSettings(world.parts.mongo_hosts, "rs0", world.database(name), None, None, None, 3000), alias=name)
    store.ensure_indexes(())
    made = Running(store, publisher)
    try:
        yield made
    finally:
        made.ends()
        store.client.drop_database(store.database.name)
        store.close()
