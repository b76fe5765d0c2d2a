"""Reads that come at the same moment share one query: a round trip costs more than what it brings.

Handlers still ask for the one record they need. A request that comes during a query is answered by the next one,
which asks for all of them; there is no timer, and a lone reader never waits. Nothing is kept: every answer was read after
it was asked for.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping
from contextvars import Context
from typing import Any

import pymongo
from pymongo.database import Database

from ngao.chassis.errors import Unavailable

Record = dict[str, Any]
Ask = Callable[[list[str]], Iterable[Record]]

_GROUP = 200


class TooMany(Exception):
    """Together they asked for more than one query should bring: each asks alone, within bounds of its own."""


class _Asked:
    """One reader's place in the queue."""

    def __init__(self, keys: frozenset[str]) -> None:
        self.keys = keys
        self.found: list[Record] = []
        self.error: Exception | None = None
        self.done = False

    def settle(self, error: Exception | None = None) -> None:
        self.error, self.done = error, True


class Lookup:
    """One kind of read. `ask` reads the records of many keys, `keys_of` returns which of them a record belongs to."""

    def __init__(self, ask: Ask, keys_of: Callable[[Record], Collection[str]], timeout: float) -> None:
        self._ask, self._keys_of, self._timeout = ask, keys_of, timeout
        self._mutex = threading.Lock()
        self._reading = threading.Lock()
        self._waiting: list[_Asked] = []

    def find(self, keys: Iterable[str]) -> list[Record]:
        """Return the records of these keys, in no order. Raises what the driver raises, Unavailable if another's query fails."""
        asked = _Asked(frozenset(keys))
        if not asked.keys:
            return []
        with self._mutex:
            self._waiting.append(asked)
        time.sleep(0)  # others that are about to ask get the time to
        while not asked.done:
            with self._reading:
                if not asked.done:
                    with self._mutex:
                        group, self._waiting = self._waiting[:_GROUP], self._waiting[_GROUP:]
                    self._answer(group)
        if asked.error:
            raise asked.error
        return asked.found

    def one(self, key: str) -> Record | None:
        """Return the record of this key, or None."""
        return next(iter(self.find([key])), None)

    def _answer(self, group: list[_Asked]) -> None:
        """Give a query its own time: that of the request which happens to lead it may be nearly over."""
        try:
            found = Context().run(self._read, sorted(frozenset[str]().union(*(asked.keys for asked in group))))
            for asked in group:
                asked.found = [record for keys, record in found if not asked.keys.isdisjoint(keys)]
                asked.settle()
        except Exception as error:  # noqa: BLE001  # each reader raises it
            self._fail(group, error)
        finally:
            self._fail([asked for asked in group if not asked.done], Unavailable("The reading was broken off."))

    def _read(self, keys: list[str]) -> list[tuple[Collection[str], Record]]:
        with pymongo.timeout(self._timeout):
            return [(self._keys_of(record), record) for record in self._ask(keys)]

    def _fail(self, group: list[_Asked], error: Exception) -> None:
        """Refuse immediately when the store does not answer."""
        if not group:
            return
        with self._mutex:
            waiting, self._waiting = self._waiting, []
        for asked in (*group, *waiting):
            asked.settle(error)


class Lookups:
    """A service's lookups, each made when it is first used."""

    def __init__(self, database: Database[Record], timeout: float) -> None:
        self._database, self._timeout = database, timeout
        self._made: dict[tuple[Any, ...], Lookup] = {}

    def by(self, collection: str, field: str = "_id", *, also: Mapping[str, str] | None = None) -> Lookup:
        """Return records of a collection by a field that names them; `also` narrows it to records with these values."""
        fixed = dict(also or {})

        def ask(keys: list[str]) -> Iterable[Record]:
            return self._database[collection].find({**fixed, field: {"$in": keys}})

        return self._known((collection, field, *sorted(fixed.items())), ask, lambda record: (record[field],))

    def sharing(self, collection: str, field: str, *, only: tuple[str, ...], most: int) -> Lookup:
        """Return records, reduced to these fields, that share a value of a list; its `find` raises TooMany beyond `most`."""
        shown = dict.fromkeys((field, *only), 1)

        def ask(keys: list[str]) -> list[Record]:
            found = list(self._database[collection].find({field: {"$in": keys}}, shown).limit(most + 1))
            if len(found) > most:
                raise TooMany
            return found

        return self._known((collection, field, only, most), ask, lambda record: record[field])

    def asking(self, name: str, ask: Ask, keys_of: Callable[[Record], Collection[str]]) -> Lookup:
        """Return a read of another kind, known by its name."""
        return self._known((name,), ask, keys_of)

    def _known(self, kind: tuple[Any, ...], ask: Ask, keys_of: Callable[[Record], Collection[str]]) -> Lookup:
        if kind not in self._made:
            self._made[kind] = Lookup(ask, keys_of, self._timeout)
        return self._made[kind]
