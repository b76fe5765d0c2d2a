"""A unit of work (Fowler, PoEAA): collects what is new, what changed and what to say; writes nothing itself.

Because writes are collected and not made on the way, several units can be committed in one transaction: requests that
arrive together and a consumer's prefetched messages share one journal write. See `committer`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from ngao.chassis.clock import Clock
from ngao.chassis.errors import Conflict
from ngao.chassis.messaging.destinations import EVENTS
from ngao.chassis.security.audit import Record
from ngao.chassis.storage.committer import GroupCommitter
from ngao.chassis.storage.documents import Stored
from ngao.chassis.storage.keyring import Keyring
from ngao.chassis.storage.sealed_fields import Sealer
from ngao.contracts import Event

T = TypeVar("T")

_TRIES = 6


@dataclass(frozen=True)
class Write:
    """One write of a unit. `revision` is what was read (0: it must not exist yet); `document` None removes it."""

    collection: str
    id: str
    revision: int
    document: Mapping[str, Any] | None


@dataclass
class Saying:
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
    traceparent: str | None = None
    inserts: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    sayings: list[Saying] = field(default_factory=list)
    raws: list[Raw] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    marks: list[str] = field(default_factory=list)
    updates: list[tuple[str, dict[str, Any], dict[str, Any]]] = field(default_factory=list)
    _documents: dict[int, tuple[Stored, bool]] = field(default_factory=dict)
    _sealer: Sealer | None = None
    _writes: list[Write] | None = None

    @property
    def sealer(self) -> Sealer:
        """Seals and opens fields; new data keys are committed with the unit."""
        if self._sealer is None:
            self._sealer = Sealer(self.keyring, self)
        return self._sealer

    def put(self, document: Stored) -> None:
        """Register a new or changed record; the revision it was read with is checked at commit."""
        self._documents[id(document)] = (document, False)

    def remove(self, document: Stored) -> None:
        """Register a record's end."""
        self._documents[id(document)] = (document, True)

    def emit(self, event: Event, *, to: str = EVENTS) -> None:
        """Register an event; it exists if and only if the unit's state does."""
        self.sayings.append(Saying(event, to))

    def audit(self, action: str, *, subject: str, actor: str, detail: Mapping[str, str] | None = None) -> None:
        """Register an audit entry: who did what to which reference; codes only."""
        self.records.append(Record(action=action, subject=subject, actor=actor, at=self.now, detail=dict(detail or {})))

    def mark(self, key: str) -> None:
        """Register a mark that can exist once: a second commit with it is a Conflict."""
        self.marks.append(key)

    def register_insert(self, collection: str, document: dict[str, Any]) -> None:
        """Register a plain record of the chassis' own collections."""
        self.inserts.append((collection, document))

    def register_update(self, collection: str, found_by: dict[str, Any], change: dict[str, Any]) -> None:
        """Register a guarded update of the chassis' own collections: finding nothing is a Conflict."""
        self.updates.append((collection, found_by, change))

    @property
    def is_empty(self) -> bool:
        """True if there is nothing to commit."""
        return not (
            self._documents or self.inserts or self.sayings or self.raws or self.records or self.marks or self.updates
        )

    def writes(self) -> list[Write]:
        """The registered records as guarded writes, made once; raises mongoengine's ValidationError for a broken document."""
        if self._writes is None:
            self._writes = [_write_of(document, removed=removed) for document, removed in self._documents.values()]
        return self._writes

    def committed(self) -> None:
        """Tell the records that they are stored now, so that they could be changed again."""
        for document, removed in self._documents.values():
            if not removed:
                document.revision += 1
        if self._sealer is not None:
            self._sealer.committed()


def _write_of(document: Stored, *, removed: bool) -> Write:
    collection, revision = document.collection_name(), document.revision
    if removed:
        return Write(collection, document.id, revision, None)
    document.validate()
    body = document.to_mongo().to_dict()
    body["revision"] = revision + 1
    return Write(collection, document.id, revision, body)


class Units:
    """Opens units for one service, runs use cases in them and commits them together with whoever else is waiting."""

    def __init__(self, clock: Clock, keyring: Keyring, committer: GroupCommitter) -> None:
        self._clock = clock
        self._keyring = keyring
        self._committer = committer

    def read(self, traceparent: str | None = None) -> Unit:
        """A unit to read with, or to fill and hand to `commit` later."""
        return Unit(now=self._clock.now(), keyring=self._keyring, traceparent=traceparent)

    def run(self, work: Callable[[Unit], T], traceparent: str | None = None) -> T:
        """Run a use case and commit what it registered.

        On a Conflict the whole use case runs again with a fresh unit, because what it decided may be wrong now.
        Raises what the use case raises, Conflict after several tries, Unavailable when the store does not answer.
        """
        for _ in range(_TRIES):
            unit = self.read(traceparent)
            result = work(unit)
            if unit.is_empty:
                return result
            error = self.commit([unit])[0]
            if error is None:
                return result
            if not isinstance(error, Conflict):
                raise error
        raise Conflict("The record kept changing while we tried to change it.")

    def run_all(self, works: list[Callable[[Unit], T]]) -> list[T | Exception]:
        """Run several use cases and commit them in one group; each gets its own result or its own error."""
        units = [self.read() for _ in works]
        results: list[T | Exception] = [_attempt(work, unit) for work, unit in zip(works, units, strict=True)]
        sound = [at for at, result in enumerate(results) if not isinstance(result, Exception) and not units[at].is_empty]
        errors = self.commit([units[at] for at in sound])
        for at, error in zip(sound, errors, strict=True):
            if isinstance(error, Conflict):
                results[at] = _attempt(lambda _unit, work=works[at]: self.run(work), units[at])  # type: ignore[misc]
            elif error is not None:
                results[at] = error
        return results

    def commit(self, units: list[Unit]) -> list[Exception | None]:
        """Commit units as one group; None for each that is stored, its own error for each that is not."""
        errors = self._committer.commit(units)
        for unit, error in zip(units, errors, strict=True):
            if error is None:
                unit.committed()
        return errors


def _attempt(work: Callable[[Unit], T], unit: Unit) -> T | Exception:
    try:
        return work(unit)
    except Exception as error:  # noqa: BLE001  # each item's error is its own answer
        return error
