"""Looks at a service's own chains every minute, and publishes their heads every hour for the other services to hold.

It looks too whether the others publish theirs: a service that publishes none keeps the others from missing what is cut off.
A look reads a few entries by their names: what this process wrote or saw last must still be there, and each chain must end with
an entry that the service has keyed. None of it is on the way of an act that is audited.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from ngao.chassis.clock import Clock
from ngao.chassis.observability.logs import get_logger
from ngao.chassis.observability.metrics import Metrics
from ngao.chassis.security.audit import Head, Keys, entry_id, is_sound
from ngao.chassis.storage import held_heads
from ngao.chassis.storage.connection import AUDIT, Store
from ngao.chassis.storage.journal import Journal
from ngao.chassis.storage.unit_of_work import Unit
from ngao.chassis.storage.units import Units
from ngao.contracts import NotedChain, NotedEntry, event_of, noted_by
from ngao.kernel.actors import Actor

PUBLISHED = "audit_published"
_ONE, _SUBJECT = "heads", "audit"
_REMEMBERED = 12
"""How many earlier heads of a chain an event names: a holder that missed some events still finds the one that it holds."""

_MOVED = "The audit trail of {} was cut off or rewritten: see docs/runbooks/audit-head-moved.md."
_NOT_OURS = "Acts that {} has not put on record wait for its audit: see docs/runbooks/audit-broken.md."
_LATE = "No heads of the audit of {} have come for a long time: see docs/runbooks/audit-heads-late.md."

_log = get_logger(__name__)


@dataclass
class AuditWatch:
    """One process's watch over its service's audit."""

    service: str
    store: Store
    units: Units
    journal: Journal
    metrics: Metrics
    clock: Clock
    every: timedelta
    late_after: timedelta
    ready: Callable[[], bool]
    """Whether this service itself can receive: while it cannot, another one's silence shows nothing."""

    def __post_init__(self) -> None:
        self._began = self._listening_since = self.clock.now()
        self._seen: dict[int, Head] = {}
        self._own: set[int] = set()
        self._others: dict[str, held_heads.Holding] = {}
        self._late: dict[str, timedelta] = {}

    def turn(self) -> None:
        """Look, compare, and publish where it is time to."""
        self.look()
        self._others = held_heads.holdings(self.store)
        self._late = self._lateness()
        self._measure()
        self.units.run(self.publish_due)

    def problem(self) -> str | None:
        """Return what an operator must look into: chains that are not what they were, and services that publish no heads."""
        moved = [self.service] if self._own else []
        moved += sorted(of for of, holding in self._others.items() if holding.moved)
        late = sorted(of for of, by in self._late.items() if by)
        sentences = [_MOVED.format(", ".join(moved))] if moved else []
        sentences += [_NOT_OURS.format(self.service)] if self.journal.forged else []
        sentences += [_LATE.format(", ".join(late))] if late else []
        return " ".join(sentences) or None

    def look(self) -> None:
        """Find the chains that moved behind this process's back, and put that on record, each once."""
        self.journal.look_again()
        seen = self._seen | self.journal.trail.written
        now = self.journal.trail.heads()
        heads = [*seen.values(), *now.values()]
        keys, entries = self.journal.trail.keys.value(older_than=0), self._entries(heads)
        moved = {head.chain for head in heads if not _holds(head, entries, keys)}
        for chain in sorted(moved - self._own):
            self._own.add(chain)
            _log.error("audit.head_moved", of=self.service, chain=chain)
            self.units.run(partial(self._record, chain))
        self._seen = {chain: head for chain, head in now.items() if chain not in moved}

    def publish_due(self, unit: Unit) -> None:
        """Publish where the chains are, once a period, whichever process comes first; the first time a period after the start."""
        known = unit.lookups.by(PUBLISHED).one(_ONE)
        if unit.now - (known["at"] if known else self._began) < self.every:
            return
        named = {each["chain"]: each["ns"] for each in known["chains"]} if known else {}
        heads = sorted(self.journal.heads().items())
        entries = self._entries(Head(chain, n, "") for chain, ns in named.items() for n in ns)
        chains = tuple(
            NotedChain(chain=chain, n=head.n, hash=head.hash, passed=_passed(chain, named.get(chain, []), entries))
            for chain, head in heads
        )
        ns = [{"chain": chain, "ns": sorted({*named.get(chain, []), head.n})[-_REMEMBERED:]} for chain, head in heads]
        unit.keep(PUBLISHED, {"_id": _ONE, "at": unit.now, "chains": ns}, known["revision"] if known else 0)
        unit.emit(event_of(noted_by(self.service)(chains=chains), subject=_SUBJECT, time=unit.now))

    def _lateness(self) -> dict[str, timedelta]:
        """Return by how much each other service's heads are late. Events missed by this service are in its queue."""
        now = self.clock.now()
        if not self.ready():
            self._listening_since = now
        newest = {of: max(self._listening_since, holding.at) for of, holding in self._others.items()}
        since = {of: newest.get(of, self._listening_since) for of in held_heads.publishers(self.service)}
        return {of: max(now - at - self.late_after, timedelta()) for of, at in since.items()}

    def _record(self, chain: int, unit: Unit) -> None:
        actor = Actor.service(self.service)
        unit.audit("audit.head_moved", subject=self.service, actor=actor, detail={"chain": str(chain)})

    def _entries(self, heads: Iterable[Head]) -> dict[str, dict[str, Any]]:
        ids = [entry_id(head.chain, head.n) for head in heads]
        return {each["_id"]: each for each in self.store.durable(AUDIT).find({"_id": {"$in": ids}})} if ids else {}

    def _measure(self) -> None:
        moved = {of: holding.moved for of, holding in self._others.items()}
        for of, count in {**moved, self.service: len(self._own)}.items():
            self.metrics.audit_heads_moved.labels(of).set(count)
        if self.journal.forged:
            self.metrics.audit_whole.set(0)
        for of, by in self._late.items():
            self.metrics.audit_heads_late.labels(of).set(by.total_seconds())


def _holds(head: Head, entries: dict[str, dict[str, Any]], keys: Keys) -> bool:
    entry = entries.get(entry_id(head.chain, head.n))
    return entry is not None and entry.get("hash") == head.hash and is_sound(entry, keys)


def _passed(chain: int, ns: list[int], entries: dict[str, dict[str, Any]]) -> tuple[NotedEntry, ...]:
    found = [entries[entry_id(chain, n)] for n in ns if entry_id(chain, n) in entries]
    return tuple(NotedEntry(n=each["n"], hash=each["hash"]) for each in found)
