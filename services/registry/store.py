"""The common base of the registry's repositories: one object for each record of a unit of work."""

from __future__ import annotations

import json
from typing import Any, Protocol, TypeVar

from ngao.chassis.storage import repository
from ngao.chassis.storage.lookups import Record
from ngao.chassis.storage.unit_of_work import Unit


class Entity(repository.Entity, Protocol):
    """A stored object: it has an id, and the revision that it was read with."""

    id: str


E = TypeVar("E", bound=Entity)


class Repository(repository.Repository[E]):
    """Hands out one object for each record of a unit, and registers one write for it however often it is saved."""

    def __init__(self, unit: Unit) -> None:
        super().__init__(unit)
        self._entities: dict[str, E] = {}

    def get(self, key: str) -> E | None:
        """Return one record, or None."""
        return self._entities.get(key) or super().get(key)

    def save(self, entity: E) -> None:
        """Store a new or changed record."""
        self._entities[entity.id] = entity
        super().save(entity)

    def _known(self, record: Record) -> E:
        """Prefer the object already handed out to what was read again: it may have been changed."""
        key = record["_id"]
        if key not in self._entities:
            self._entities[key] = self._read(record)
        return self._entities[key]

    def _seal(self, scope: str, key: str, field: str, value: Any) -> bytes:
        content = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
        return self._unit.sealer.seal(scope, self.collection, key, field, content)

    def _open(self, scope: str, key: str, field: str, sealed: bytes) -> Any:
        return json.loads(self._unit.sealer.open(scope, self.collection, key, field, bytes(sealed)))


def scope_of(case_ref: str, defender_ref: str | None) -> str:
    """Return the scope of the data key that seals a case's facts."""
    return f"person:{defender_ref}" if defender_ref else f"case:{case_ref}"
