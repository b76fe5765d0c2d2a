"""Group commit: units that wait together are written in one MongoDB transaction, one bulk write a collection.

A unit that comes alone and writes one record, and nothing else, needs no transaction.

What the chassis itself writes with a unit is in one collection, the journal: events, marks and acts cost one command together.

One write to disk costs more than everything else a unit does, so sharing it is the largest lever there is. If a group
fails, it is split until the guilty unit is alone; the innocent are committed.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from pymongo import InsertOne, ReplaceOne
from pymongo.client_session import ClientSession
from pymongo.errors import PyMongoError
from pymongo.operations import DeleteOne

from ngao.chassis.errors import Conflict, Unavailable
from ngao.chassis.messaging.destinations import DESTINATIONS
from ngao.chassis.messaging.outbox import Encode, Entry, entry_of
from ngao.chassis.observability.logs import get_logger
from ngao.chassis.storage.connection import JOURNAL, MARKS_OF_BEFORE, TO_MOVE, Store
from ngao.chassis.storage.journal import Journal, grouped
from ngao.chassis.storage.refusals import meaning_of
from ngao.chassis.storage.sequences import Sequences
from ngao.chassis.storage.transactions import Transactions
from ngao.chassis.storage.unit_of_work import Publication, Unit, Write

GROUP = 100
_PATIENCE_S, _LONGEST_S, _TURN_S = 0.02, 0.1, 0.001
"""A group waits for those at work as long as one of them comes every so often, and never longer than this in all."""


class _Ticket:
    """One unit's place in the queue."""

    def __init__(self, unit: Unit) -> None:
        self.unit = unit
        self.done = False
        self.error: Exception | None = None

    def settle(self, error: Exception | None) -> None:
        self.error = error
        self.done = True


class GroupCommitter:
    """Writes units, as many together as are waiting.

    A unit that comes while a group is being written joins the next one, and a group waits a little for use cases that are at
    work at that moment: under load they commit together, and a lone unit never waits.
    `on_committed` gets the outbox entries of what was stored, to publish them immediately. `encode` signs events.
    `timeout` (seconds) bounds one transaction with all its retries; when the store does not answer, all that wait are refused at
    once.
    """

    def __init__(
        self,
        store: Store,
        clock_now: Callable[[], datetime],
        on_committed: Callable[[list[Entry]], None],
        *,
        lease: Callable[[], tuple[str, datetime]],
        encode: Encode,
        journal: Journal,
        timeout: float = 5.0,
    ) -> None:
        self._store, self.journal, self._now = store, journal, clock_now
        self._on_committed, self._lease, self._encode = on_committed, lease, encode
        self._mutex, self._writing = threading.Lock(), threading.Lock()
        self._waiting: list[_Ticket] = []
        self._at_work = 0
        self._transactions = Transactions(store.client, timeout)
        self._log = get_logger("committer")
        self._sequences = Sequences(store.database["sequences"])

    @contextmanager
    def expecting(self) -> Iterator[None]:
        """Count a use case that will have something to commit, while it is at work."""
        self._at_work += 1
        try:
            yield
        finally:
            self._at_work -= 1

    def commit(self, units: Sequence[Unit]) -> list[Exception | None]:
        """Commit each unit, alone or with others; None for each that is stored, else Conflict, Unavailable or its own error."""
        tickets = [_Ticket(unit) for unit in units]
        with self._mutex:
            self._waiting.extend(tickets)
        while not all(ticket.done for ticket in tickets):
            with self._writing:
                if not all(ticket.done for ticket in tickets):
                    self._wait_for_others()
                    self._write_group(self._take())
        return [ticket.error for ticket in tickets]

    def _wait_for_others(self) -> None:
        began = came = time.monotonic()
        waiting = len(self._waiting)
        while self._at_work and waiting < GROUP:
            time.sleep(_TURN_S)
            now = time.monotonic()
            if len(self._waiting) > waiting:
                waiting, came = len(self._waiting), now
            if now - came > _PATIENCE_S or now - began > _LONGEST_S:
                return

    def _take(self) -> list[_Ticket]:
        """Return the next group; of units that change the same record only the first, because the others must lose anyway."""
        with self._mutex:
            group, self._waiting = self._waiting[:GROUP], self._waiting[GROUP:]
        taken: set[tuple[str, str]] = set()
        alone: list[_Ticket] = []
        for ticket in group:
            touched = ticket.unit.writes.keys()
            if touched & taken:
                ticket.settle(Conflict("Another change of the same record was first."))
            else:
                taken |= touched
                alone.append(ticket)
        return alone

    def _write_group(self, tickets: list[_Ticket]) -> None:
        if not tickets:
            return
        try:
            entries = self._write([ticket.unit for ticket in tickets])
        except Unavailable as error:
            self._fail_all_waiting(tickets, error)
        except Exception as error:  # noqa: BLE001  # given to the caller that waits for this unit
            if len(tickets) == 1:
                tickets[0].settle(error)
                return
            middle = len(tickets) // 2
            self._write_group(tickets[:middle])
            self._write_group([ticket for ticket in tickets[middle:] if not ticket.done])
        else:
            for ticket in tickets:
                ticket.settle(None)
            self._on_committed(entries)

    def _fail_all_waiting(self, tickets: list[_Ticket], error: Unavailable) -> None:
        """Refuse immediately when the store does not answer, so that the caller can try again instead of waiting."""
        with self._mutex:
            waiting, self._waiting = self._waiting, []
        for ticket in [*tickets, *waiting]:
            if not ticket.done:
                ticket.settle(error)

    def _write(self, units: list[Unit]) -> list[Entry]:
        lone = units[0].lone_write if len(units) == 1 else None
        try:
            if lone:
                collection = self._store.durable(lone.collection)
                self._transactions.run(lambda session: _write_guarded(collection, [lone], session), alone=True)
                return []
            entries = self._transactions.run(lambda inside: self._apply(inside, units))
        except PyMongoError as error:
            meant = meaning_of(error)
            if isinstance(meant, Unavailable):
                self._log.warning("store.refused", kind=type(error).__name__, code=getattr(error, "code", None), units=len(units))
            raise meant from None
        if any(unit.records or unit.carried for unit in units):
            self.journal.has_lines.set()
        return entries

    def _apply(self, session: ClientSession, units: list[Unit]) -> list[Entry]:
        database = self._store.database
        entries = self._outbox_entries(session, units)
        for name, writes in grouped((write.collection, write) for unit in units for write in unit.writes.values()).items():
            _write_guarded(database[name], writes, session)
        for name, documents in grouped(insert for unit in units for insert in unit.inserts).items():
            _insert(database[name], documents, session)
        for name, found_by, change in (update for unit in units for update in unit.updates):
            if not database[name].update_one(found_by, change, session=session).matched_count:
                raise Conflict("The record was changed by someone else.")
        for name, found_by in (removal for unit in units for removal in unit.removals):
            if not database[name].delete_many(found_by, session=session).deleted_count:
                raise Conflict("The record was removed by someone else.")
        for unit in units:
            for scope in unit.destroyed_keys:
                unit.keyring.destroy(scope, session)
                database[JOURNAL].delete_many(
                    {**TO_MOVE, "into": unit.keyring.collection, "record.scope": scope}, session=session
                )
        left = (line for unit in units for line in self.journal.lines(unit.records, unit.carried))
        if lines := [*self._marks(units, session), *(entry.as_document() for entry in entries), *left]:
            _insert(database[JOURNAL], lines, session)
        return entries

    def _marks(self, units: list[Unit], session: ClientSession) -> list[dict[str, Any]]:
        marks = [mark for unit in units for mark in unit.marks]
        if marks and self._store.has_marks_of_before:
            found = self._store.database[MARKS_OF_BEFORE].find_one({"_id": {"$in": marks}}, {"_id": 1}, session=session)
            if found is not None:
                raise Conflict("A record with this key exists already.")
        now = self._now()
        return [{"_id": mark, "at": now} for mark in marks]

    def _outbox_entries(self, session: ClientSession, units: list[Unit]) -> list[Entry]:
        """Give numbers to the events and create their outbox entries, leased to this process until `until`."""
        numbered = [[_numbered(publication) for publication in unit.publications] for unit in units]
        counts = Counter(subject for names in numbered for _, subject in set(filter(None, names)))
        begun = {subject for unit in units for subject in unit.begun}
        numbers = self._sequences.reserve(session, counts, begun)
        lease = self._lease()
        now = self._now()
        entries: list[Entry] = []
        for unit, names in zip(units, numbered, strict=True):
            given = {name: next(numbers[name[1]]) for name in dict.fromkeys(filter(None, names))}
            for publication, name in zip(unit.publications, names, strict=True):
                number = given[name] if name else None
                entries.append(entry_of(publication, number, unit.traceparent, now, lease, encode=self._encode))
            entries.extend(Entry.of_raw(raw, now, lease) for raw in unit.raws)
        return entries


def _numbered(publication: Publication) -> tuple[str, str] | None:
    """Return what gets one number: an event under one subject, on however many exchanges. Outsiders may have others."""
    destination = DESTINATIONS[publication.to]
    return (publication.event.id, destination.form(publication.event).subject) if destination.numbered else None


def _insert(collection: Any, documents: list[dict[str, Any]], session: ClientSession) -> None:
    """Insert documents; a command for one costs the driver half of what one for several does."""
    if len(documents) == 1:
        collection.insert_one(documents[0], session=session)
    else:
        collection.insert_many(documents, session=session)


def _write_guarded(collection: Any, writes: list[Write], session: ClientSession) -> None:
    if len(writes) == 1:
        _write_alone(collection, writes[0], session)
        return
    # Ordered: after a refused write the driver must not continue, because the store then says of the next one only that the
    # transaction is over, which is tried again until the time is up. By kind: writes of one kind in a row are one command.
    operations = sorted((_operation(write) for write in writes), key=lambda each: type(each).__name__)
    result = collection.bulk_write(operations, ordered=True, session=session)
    replaced = sum(1 for write in writes if write.revision and write.document is not None)
    removed = sum(1 for write in writes if write.document is None)
    if result.matched_count != replaced or result.deleted_count != removed:
        raise Conflict("A record was changed by someone else after it was read.")


def _write_alone(collection: Any, write: Write, session: ClientSession) -> None:
    guard = {"_id": write.id, "revision": write.revision}
    if write.document is None:
        done = collection.delete_one(guard, session=session).deleted_count
    elif write.revision:
        done = collection.replace_one(guard, write.document, session=session).matched_count
    else:
        done = collection.insert_one(write.document, session=session).acknowledged
    if not done:
        raise Conflict("A record was changed by someone else after it was read.")


def _operation(write: Write) -> Any:
    guard = {"_id": write.id, "revision": write.revision}
    if write.document is None:
        return DeleteOne(guard)
    return ReplaceOne(guard, write.document) if write.revision else InsertOne(write.document)
