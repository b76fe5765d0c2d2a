"""A unit of work (Fowler, PoEAA): collects what is new, what changed and what to say; writes nothing itself.

Because writes are collected and not made on the way, several units can be committed in one transaction: requests that
arrive together and a consumer's prefetched messages share one write to disk. `units` opens them, `committer` writes them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from ngao.chassis.messaging.destinations import EVENTS, NOTICES
from ngao.chassis.security.audit import Record
from ngao.chassis.storage.connection import JOURNAL, MARKS_OF_BEFORE
from ngao.chassis.storage.keyring import Keyring
from ngao.chassis.storage.lookups import Lookups
from ngao.chassis.storage.sealed_fields import Sealer
from ngao.contracts import Event, type_named
from ngao.kernel.actors import Actor


@dataclass(frozen=True)
class Write:
    """One write of a unit. `revision` is what was read (0: it must not exist yet); `document` None removes it."""

    collection: str
    id: str
    revision: int
    document: Mapping[str, Any] | None


@dataclass
class Publication:
    """One event and where it goes."""

    event: Event
    to: str


@dataclass
class Raw:
    """A message that is passed on as it came: a replay of what was parked."""

    id: str
    to: str
    routing_key: str
    body: bytes
    content_type: str
    headers: Mapping[str, Any]


@dataclass
class Unit:
    """What one use case reads its clock from and registers its effects with."""

    now: datetime
    keyring: Keyring
    lookups: Lookups = field(repr=False)
    traceparent: str | None = None
    again: bool = True
    """False if this is the first try of work that was not done before, as far as its caller knows, and few wait with it."""
    needs_mark: bool = False
    """True if this work must be known as done, although its handler is declared `repeatable`."""
    move_carried: Callable[[], None] = field(default=lambda: None, repr=False)
    """Moves what earlier units carried into its collections; before these are read."""
    inserts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    writes: dict[tuple[str, str], Write] = field(default_factory=dict)
    """By collection and id: a record that is registered again is written once, as it is then."""
    publications: list[Publication] = field(default_factory=list)
    raws: list[Raw] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    carried: list[tuple[str, Mapping[str, Any]]] = field(default_factory=list)
    begun: set[str] = field(default_factory=set)
    """Subjects of events about which there was nothing before this unit."""
    marks: list[str] = field(default_factory=list)
    updates: list[tuple[str, dict[str, Any], dict[str, Any]]] = field(default_factory=list)
    removals: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    destroyed_keys: list[str] = field(default_factory=list)
    afterwards: list[Callable[[], None]] = field(default_factory=list)
    """What is true only once the unit is stored, such as a count; it must not raise."""
    _sealer: Sealer | None = None

    @property
    def sealer(self) -> Sealer:
        """Seals and opens fields; new data keys are committed with the unit."""
        if self._sealer is None:
            self._sealer = Sealer(self.keyring, self.register_insert, self.carry)
        return self._sealer

    def keep(self, collection: str, record: Mapping[str, Any], revision: int) -> None:
        """Register a new or changed record, written as it is; the revision it was read with is checked at commit."""
        body = {name: value for name, value in record.items() if value is not None}
        write = Write(collection, record["_id"], revision, body | {"revision": revision + 1})
        self.writes[collection, write.id] = write

    def drop(self, collection: str, record_id: str, revision: int) -> None:
        """Register a record's end."""
        self.writes[collection, record_id] = Write(collection, record_id, revision, None)

    def emit(self, event: Event, *, to: str = EVENTS) -> None:
        """Register an event, with its notice if it has one; it exists if and only if the unit's state does."""
        noticed = to == EVENTS and event.notice is not None
        if not (noticed and type_named(event.type).is_for_notices_alone):
            self.publications.append(Publication(event, to))
        if noticed:
            self.publications.append(Publication(event, NOTICES))

    def audit(self, action: str, *, subject: str, actor: Actor, detail: Mapping[str, str] | None = None) -> None:
        """Register an audit entry: who did what to which reference; codes only."""
        self.records.append(Record(action=action, subject=subject, actor=str(actor), at=self.now, detail=dict(detail or {})))

    def mark(self, key: str) -> None:
        """Register a mark that can exist once: a second commit with it is a Conflict."""
        self.marks.append(key)

    def is_marked(self, key: str) -> bool:
        """Return whether a mark is there already."""
        return any(self.lookups.by(place).one(key) is not None for place in (JOURNAL, MARKS_OF_BEFORE))

    def carry(self, collection: str, document: Mapping[str, Any]) -> None:
        """Register a new record that is committed with the unit and moved to its collection later: see `move_carried`.

        No index of the collection may refuse it: its id must be of this unit's making.
        """
        self.carried.append((collection, {name: value for name, value in document.items() if value is not None}))

    def register_insert(self, collection: str, document: dict[str, Any]) -> None:
        """Register a plain record of the chassis' own collections."""
        self.inserts.append((collection, document))

    def register_update(self, collection: str, found_by: dict[str, Any], change: dict[str, Any]) -> None:
        """Register a guarded update of the chassis' own collections: finding nothing is a Conflict."""
        self.updates.append((collection, found_by, change))

    def register_removal(self, collection: str, found_by: dict[str, Any]) -> None:
        """Register the end of plain records of the chassis' own collections: finding none is a Conflict."""
        self.removals.append((collection, found_by))

    def destroy_key(self, scope: str) -> None:
        """Register the end of a scope's data key: what was sealed under it can be opened no more, once this is stored."""
        self.move_carried()
        self.destroyed_keys.append(scope)

    @property
    def is_empty(self) -> bool:
        """True if there is nothing to commit."""
        return not self.writes and self._has_only_writes

    @property
    def lone_write(self) -> Write | None:
        """The one record to write, if there is nothing else to commit."""
        return next(iter(self.writes.values())) if len(self.writes) == 1 and self._has_only_writes else None

    @property
    def _has_only_writes(self) -> bool:
        stored = (self.inserts, self.marks, self.updates, self.removals, self.destroyed_keys)
        return not any((*stored, self.publications, self.raws, self.records, self.carried))

    def committed(self) -> None:
        """Publish what is true now that the unit is stored."""
        if self._sealer is not None:
            self._sealer.committed()
        for scope in self.destroyed_keys:
            self.keyring.forget(scope)  # it may have been read again between its deletion and the commit
        for call in self.afterwards:
            call()
