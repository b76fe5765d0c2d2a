"""Puts on record that operators were shown records, and counts what repeats, so that polling does not fill the chain.

The first time that an operator is shown a list, an entry is written immediately. What the same operator is shown of the same list
with the same filters within the window is counted in a record beside the chain, and the count becomes one entry more when the
window is over. Entry and count are committed before the list is shown: a crash loses neither. Values of filters are in no entry.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from datetime import timedelta
from functools import partial
from hashlib import sha256
from typing import Any

from ngao.chassis.clock import Clock
from ngao.chassis.storage.connection import Store
from ngao.chassis.storage.unit_of_work import Unit
from ngao.chassis.storage.units import Units
from ngao.kernel.actors import Actor
from ngao.kernel.traces import trace_id

COLLECTION = "audit_reads"
LIST_READ = "list.read"
"""A list was shown for the first time in a window."""
LIST_READ_AGAIN = "list.read_again"
"""How often it was shown again until the window was over, and how many records at most."""
_AT_ONCE = 100


class Readings:
    """One service's entries of what its operators read. `within` is the window; nothing is counted together when it is zero."""

    def __init__(self, store: Store, units: Units, clock: Clock, within: timedelta) -> None:
        self._counts = store.durable(COLLECTION)
        self._units, self._clock, self._within = units, clock, within
        self._one_by_one = threading.Lock()

    def listed(self, actor: Actor, name: str, filters: Mapping[str, str], count: int, traceparent: str) -> None:
        """Record that a list of so many records is about to be shown. Raises Unavailable."""
        key, names = _key(actor, name, filters), ",".join(sorted(filters))
        work = partial(self._listed, key, {"actor": str(actor), "list": name, "filters": names}, count)
        with self._one_by_one:  # readings of one list change one record, and would only keep one another from committing
            self._units.run(work, traceparent)

    def shown(self, actor: Actor, action: str, subject: str, traceparent: str) -> None:
        """Audit that one record is about to be shown. Raises Unavailable."""
        self._units.run(lambda unit: unit.audit(action, subject=subject, actor=actor, detail=_trace(unit)), traceparent)

    def close_windows(self) -> None:
        """Put on record what was counted in windows that are over."""
        over = {"since": {"$lte": self._clock.now() - self._within}}
        while found := list(self._counts.find(over, {"_id": 1}).limit(_AT_ONCE)):
            for each in found:
                self._units.run(partial(self._close, each["_id"]))

    def _listed(self, key: str, what: Mapping[str, str], count: int, unit: Unit) -> None:
        known = unit.lookups.by(COLLECTION).one(key) if self._within else None
        if known and unit.now - known["since"] < self._within:
            again = {"until": unit.now, "times": known["times"] + 1, "most": max(known["most"], count)}
            unit.keep(COLLECTION, {**known, **again}, known["revision"])
            return
        if known:
            _record_again(unit, known)
        detail = {"filters": what["filters"], "count": str(count), **_trace(unit)}
        unit.audit(LIST_READ, subject=_subject(what), actor=Actor.parse(what["actor"]), detail=detail)
        if self._within:
            fresh = {"_id": key, **what, "since": unit.now, "until": unit.now, "times": 0, "most": 0}
            unit.keep(COLLECTION, fresh, known["revision"] if known else 0)

    def _close(self, key: str, unit: Unit) -> None:
        """Close a window. Another process may have closed it, or begun the next one."""
        known = unit.lookups.by(COLLECTION).one(key)
        if known and unit.now - known["since"] >= self._within:
            _record_again(unit, known)
            unit.drop(COLLECTION, key, known["revision"])


def _record_again(unit: Unit, known: Mapping[str, Any]) -> None:
    if not known["times"]:
        return
    span = {name: known[name].isoformat(timespec="milliseconds") for name in ("since", "until")}
    detail = {"filters": known["filters"], "times": str(known["times"]), "most": str(known["most"]), **span}
    unit.audit(LIST_READ_AGAIN, subject=_subject(known), actor=Actor.parse(known["actor"]), detail=detail)


def _subject(what: Mapping[str, Any]) -> str:
    return f"list:{what['list']}"


def _trace(unit: Unit) -> dict[str, str]:
    """Return the trace by which log lines of the same request are found."""
    found = trace_id(unit.traceparent)
    return {"trace": found} if found else {}


def _key(actor: Actor, name: str, filters: Mapping[str, str]) -> str:
    """Return the same digest for the same filters, in whatever order; they cannot be read from it."""
    return sha256(json.dumps([str(actor), name, sorted(filters.items())]).encode()).hexdigest()
