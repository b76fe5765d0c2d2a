"""Each service holds the last heads of the others' audits, so that no writer of one database shortens a chain unseen.

What a service publishes names each chain's last entry, and the entries that it named before. A holder compares: the entry that
it holds must be among them, with the same hash. Where it is not, the chain was cut off or rewritten. The holder then keeps
what it holds, puts the contradiction on record in its own audit, and warns until an operator accepts it: a restore does the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from ngao.chassis.errors import or_not_found
from ngao.chassis.observability.logs import get_logger
from ngao.chassis.storage.connection import Store
from ngao.chassis.storage.unit_of_work import Unit
from ngao.contracts import CATALOGUE, Event, NotedEntry, noted_chains, subscriptions_of
from ngao.kernel.actors import Actor
from ngao.kernel.clocks import CLOCKS_DIFFER

HELD = "audit_held"
_NOTED = ".audit.noted.v1"
_log = get_logger(__name__)

Heads = dict[int, NotedEntry]
"""The entry that is held of each chain, by the chain's number."""


def hold_heads(unit: Unit, event: Event, by: str) -> None:
    """Compare what another service publishes with what is held of it, and hold the newer; a late event changes nothing.

    An event that is dated ahead must not make all later ones late: it counts as published when it came.
    """
    of = event.source.rpartition("/")[2]
    known = unit.lookups.by(HELD).one(of) or {"_id": of, "revision": 0, "at": None, "heads": [], "moved": []}
    if known["at"] is not None and event.time <= known["at"] <= unit.now + CLOCKS_DIFFER:
        return
    held, published = _heads(known["heads"]), noted_chains(event)
    moved = {chain for chain, entry in held.items() if chain not in published or entry not in published[chain].named}
    for chain in sorted(moved - set(known["moved"])):
        unit.afterwards.append(partial(_log.error, "audit.head_moved", of=of, chain=chain, n=held[chain].n))
        detail = {"chain": str(chain), "n": str(held[chain].n)}
        unit.audit("audit.head_moved", subject=of, actor=Actor.service(by), detail=detail)
    kept = {chain: each.last for chain, each in published.items()} | {chain: held[chain] for chain in moved}
    if event.time > unit.now + CLOCKS_DIFFER:
        _log.warning("audit.noted_ahead", of=of)
    at = min(event.time, unit.now)
    unit.keep(HELD, {"_id": of, "at": at, "heads": _stored(kept), "moved": sorted(moved)}, known["revision"])


def accept(unit: Unit, of: str, *, by: Actor, reason: str) -> None:
    """Delete what is held, because an operator knows why a chain moved; the next event is the beginning. Raises NotFound."""
    known = or_not_found(unit.lookups.by(HELD).one(of), "No heads of such a service are held.")
    unit.audit("audit.heads_accepted", subject=of, actor=by, detail={"reason": reason})
    unit.keep(HELD, {"_id": of, "at": known["at"], "heads": [], "moved": []}, known["revision"])


def held(store: Store) -> list[dict[str, Any]]:
    """Return what is held of each service."""
    return [
        {"of": each["_id"], "at": each["at"].isoformat(), **head, "moved": head["chain"] in each["moved"]}
        for each in store.durable(HELD).find().sort("_id", 1)
        for head in each["heads"]
    ]


@dataclass(frozen=True)
class Holding:
    """Of the audit of one other service: how many chains contradict what is held, and of when the newest heads are."""

    moved: int
    at: datetime


def holdings(store: Store) -> dict[str, Holding]:
    """Return the holding of each service whose heads are held, by its name."""
    found = store.durable(HELD).find({}, {"moved": 1, "at": 1})
    return {each["_id"]: Holding(len(each["moved"]), each["at"]) for each in found}


def publishers(holder: str) -> frozenset[str]:
    """Return the services whose heads this one holds."""
    return frozenset(CATALOGUE[name].owner for name in subscriptions_of(holder) if CATALOGUE[name].name.endswith(_NOTED))


def _heads(stored: list[dict[str, Any]]) -> Heads:
    return {each["chain"]: NotedEntry(n=each["n"], hash=each["hash"]) for each in stored}


def _stored(heads: Heads) -> list[dict[str, Any]]:
    return [{"chain": chain, "n": entry.n, "hash": entry.hash} for chain, entry in sorted(heads.items())]
