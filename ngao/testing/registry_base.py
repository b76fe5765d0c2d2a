"""The base of the registry's repositories in memory."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from ngao.chassis.storage.unit_of_work import Unit
from ngao.testing.memory import MemoryRepository, Records
from services.registry.store import Entity, Repository

E = TypeVar("E", bound=Entity)


class Memory(MemoryRepository[E], Repository[E]):
    """One object per record and unit, as in the real ones."""

    def __init__(self, unit: Unit, records: Records[E]) -> None:
        super().__init__(records)
        self._unit, self._entities = unit, {}

    def get(self, key: str) -> E | None:
        if key not in self._entities and (found := self._records.get(key)):
            self._entities[key] = found
        return self._entities.get(key)

    def save(self, entity: E) -> None:
        self._entities[entity.id] = entity
        self._records.put(entity)

    def _all(self, found: Iterable[E]) -> list[E]:
        return [self._entities.setdefault(each.id, each) for each in found]
