"""Looks at a service's own chains every minute, and publishes their heads every hour for the other services to hold.

A look reads a few entries by their names: what this process wrote or saw last must still be there, and each chain must end with
an entry that the service has keyed. None of it is on the way of an act that is audited.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from ngao.chassis.clock import Clock
from ngao.chassis.observability.logs import get_logger
from ngao.chassis.observability.metrics import Metrics
from ngao.chassis.security.audit import Head, Keys, entry_id, is_sound
from ngao.chassis.storage import held_heads
from ngao.chassis.storage.audit_keys import AuditKeys
from ngao.chassis.storage.audit_trail import AuditTrail, heads_from
from ngao.chassis.storage.connection import AUDIT, Store
from ngao.chassis.storage.unit_of_work import Unit
from ngao.chassis.storage.units import Units
from ngao.contracts import make
from ngao.kernel.actors import Actor

PUBLISHED = "audit_published"
_ONE, _SUBJECT = "heads", "audit"
_REMEMBERED = 12
"""How many earlier heads of a chain an event names: a holder that missed some events still finds the one that it holds."""

_log = get_logger(__name__)


@dataclass
class AuditWatch:
    """One process's watch over its service's audit."""

    service: str
    store: Store
    units: Units
    trail: AuditTrail
    keys: AuditKeys
    metrics: Metrics
    clock: Clock
    every: timedelta

    def __post_init__(self) -> None:
        self._began = self.clock.now()
        self._seen: dict[int, Head] = {}
        self._own: set[int] = set()
        self._others: dict[str, int] = {}

    def turn(self) -> None:
        """Look, compare, and publish where it is time to."""
        self.look()
        self._others = held_heads.moved(self.store)
        self._measure()
        self.units.run(self.publish_due)

    def problem(self) -> str | None:
        """What an operator must look into: chains that are not what they were."""
        names = [self.service] if self._own else []
        names += sorted(of for of, count in self._others.items() if count)
        if not names:
            return None
        return f"What is on record at {', '.join(names)} was cut off or written anew: see docs/runbooks/audit-head-moved.md."

    def look(self) -> None:
        """Find the chains that moved behind this process's back, and put that on record, each once."""
        seen = self._seen | self.trail.written()
        now = heads_from(self.store.durable("audit_heads").find())
        heads = [*seen.values(), *now.values()]
        keys, entries = self.keys.all(), self._entries(heads)
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
        heads = heads_from(self.store.durable("audit_heads").find())
        entries = self._entries(Head(chain, n, "") for chain, ns in named.items() for n in ns)
        chains = [
            {"chain": chain, "n": head.n, "hash": head.hash, "passed": _passed(chain, named.get(chain, []), entries)}
            for chain, head in sorted(heads.items())
        ]
        ns = [{"chain": each, "ns": _last([*named.get(each, []), head.n])} for each, head in sorted(heads.items())]
        unit.keep(PUBLISHED, {"_id": _ONE, "at": unit.now, "chains": ns}, known["revision"] if known else 0)
        unit.emit(make(f"{self.service}.audit.noted.v1", subject=_SUBJECT, data={"chains": chains}, time=unit.now))

    def _record(self, chain: int, unit: Unit) -> None:
        actor = Actor.service(self.service)
        unit.audit("audit.head_moved", subject=self.service, actor=actor, detail={"chain": str(chain)})

    def _entries(self, heads: Iterable[Head]) -> dict[str, dict[str, Any]]:
        ids = [entry_id(head.chain, head.n) for head in heads]
        return {each["_id"]: each for each in self.store.durable(AUDIT).find({"_id": {"$in": ids}})} if ids else {}

    def _measure(self) -> None:
        for of, count in {**self._others, self.service: len(self._own)}.items():
            self.metrics.audit_heads_moved(of, count)


def _holds(head: Head, entries: dict[str, dict[str, Any]], keys: Keys) -> bool:
    entry = entries.get(entry_id(head.chain, head.n))
    return entry is not None and entry.get("hash") == head.hash and is_sound(entry, keys)


def _passed(chain: int, ns: list[int], entries: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    found = [entries[entry_id(chain, n)] for n in ns if entry_id(chain, n) in entries]
    return [{"n": each["n"], "hash": each["hash"]} for each in found]


def _last(ns: list[int]) -> list[int]:
    return sorted(set(ns))[-_REMEMBERED:]

