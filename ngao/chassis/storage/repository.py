"""The records of one document as the entities that they are made of, within a unit of work."""

from __future__ import annotations

from typing import Any, Generic, Protocol, TypeVar

from ngao.chassis.storage.documents import Stored
from ngao.chassis.storage.lookups import Record
from ngao.chassis.storage.unit_of_work import Unit


class Entity(Protocol):
    """What is stored: it knows the revision that it was read with."""

    @property
    def revision(self) -> int:
        """0 until it is stored; each write adds one."""
        ...


E = TypeVar("E", bound=Entity)


class Repository(Generic[E]):
    """Reads and registers records. A subclass names its document, and maps what is not stored under its own name and type."""

    document: type[Stored]

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    @property
    def collection(self) -> str:
        """The collection that the records are in."""
        return self.document.collection_name()

    def get(self, key: str) -> E | None:
        """Return one record, or None."""
        return self._one(self._unit.lookups.by(self.collection).one(key))

    def save(self, entity: E) -> None:
        """Register a new or changed record."""
        record = self._record(entity)
        if self.document.begins_subject and entity.revision == 0:
            self._unit.begun.add(record[self.document.begins_subject])
        self._unit.keep(self.collection, record, entity.revision)

    def _one(self, record: Record | None) -> E | None:
        return self._known(record) if record else None

    def _all(self, found: Any) -> list[E]:
        return [self._known(record) for record in found.as_pymongo()]

    def _known(self, record: Record) -> E:
        return self._read(record)

    def _read(self, record: Record) -> E:
        entity: E = self.document.entity_of(record)
        return entity

    def _record(self, entity: E) -> Record:
        return self.document.record_of(entity)
