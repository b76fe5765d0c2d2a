"""The common base of the registry's repositories: one object for each record of a unit of work."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from typing import Any, Generic, Protocol, TypeVar

from ngao.chassis.storage.lookups import Record
from ngao.chassis.storage.unit_of_work import Unit


class Entity(Protocol):
    """A stored object: it has an id, and the revision that it was read with."""

    id: str
    revision: int


E = TypeVar("E", bound=Entity)


class Repository(ABC, Generic[E]):
    """Hands out one object for each record of a unit, and registers one write for it however often it is saved."""

    collection: str

    def __init__(self, unit: Unit) -> None:
        self._unit = unit
        self._entities: dict[str, E] = {}

    def get(self, key: str) -> E | None:
        """Return one record, or None."""
        if key in self._entities:
            return self._entities[key]
        found = self._unit.lookups.by(self.collection).one(key)
        return self._known(found) if found else None

    def save(self, entity: E) -> None:
        """Store a new or changed record."""
        self._entities[entity.id] = entity
        self._unit.keep(self.collection, {"_id": entity.id, **self._record(entity)}, entity.revision)

    def _all(self, found: Any) -> list[E]:
        return [self._known(record) for record in found.as_pymongo()]

    def _known(self, record: Record) -> E:
        """Prefer the object already handed out to what was read again: it may have been changed."""
        key = record["_id"]
        if key not in self._entities:
            entity = self._read(record)
            entity.revision = record["revision"]
            self._entities[key] = entity
        return self._entities[key]

    @abstractmethod
    def _read(self, record: Record) -> E:
        """Make the object of a stored record."""

    @abstractmethod
    def _record(self, entity: E) -> Record:
        """Make the fields to store of an object, without its id."""

    def _seal(self, scope: str, key: str, field: str, value: Any) -> bytes:
        content = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        return self._unit.sealer.seal(scope, self.collection, key, field, content)

    def _open(self, scope: str, key: str, field: str, sealed: bytes) -> Any:
        return json.loads(self._unit.sealer.open(scope, self.collection, key, field, bytes(sealed)))


def scope_of(case_ref: str, defender_ref: str | None) -> str:
    """Return the scope of the data key that seals a case's facts."""
    return f"person:{defender_ref}" if defender_ref else f"case:{case_ref}"
