"""What a service stores: an id of ours, the revision that guards it against lost updates, and the fields of an entity.

An entity is a dataclass of a service's model. A document that is made of one declares only what the entity cannot say: which data
class each field has, the collection and its indexes, and what is stored otherwise than the entity has it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, ClassVar, get_args, get_origin, get_type_hints

from mongoengine import Document
from mongoengine import fields as kinds
from mongoengine.base import BaseField, TopLevelDocumentMetaclass
from mongoengine.queryset import QuerySet

from ngao.chassis.storage.held import INTERNAL
from ngao.chassis.storage.lookups import Record
from ngao.kernel.records import MANY, from_record, present, stored_name, to_record

_KINDS = {
    str: kinds.StringField, int: kinds.IntField, float: kinds.FloatField, bool: kinds.BooleanField, bytes: kinds.BinaryField,
    datetime: kinds.DateTimeField,
}  # fmt: skip


class Query(QuerySet):
    """mongoengine's query with a lighter `first`: theirs clones query and cursor, which costs more than the answer."""

    def first(self) -> Any:
        """Return the first record, or None; the server sends one and closes the cursor."""
        return next(self.limit(-1), None)


class OfEntity(TopLevelDocumentMetaclass):
    """Gives a document the fields of an entity: `class PageDocument(Stored, of=Page, held=internal("title created_at"))`."""

    def __new__(
        cls,
        name: str,
        bases: tuple[type, ...],
        attributes: dict[str, Any],
        *,
        of: type | None = None,
        held: Mapping[str, Mapping[str, Any]] | None = None,
        but: Collection[str] = (),
        key: str = "id",
    ) -> Any:
        """Make the class. Raises TypeError for a field of the entity of which nothing says how it is stored.

        `held` has the data class of each field that is stored under its own name (or that of `stored_as`) and type; the document
        itself declares those of another type, and what is stored beside them. `but` are fields that are not stored under their
        name. `key` is the field that is the record's id.
        """
        if of is not None:
            known, held = {stored_name(field): field.name for field in fields(of)}, held or {}
            apart = known.keys() & {key, "revision", *but, *attributes}
            if unclear := (known.keys() - apart) ^ held.keys():
                raise TypeError(f"{name} does not say how these are held, or {of.__name__} has none such: {sorted(unclear)}")
            hints = get_type_hints(of)
            attributes |= {each: _field(hints[known[each]], says) for each, says in held.items()}
            attributes |= {"entity": of, "key": key, "apart": tuple(apart)}
        return super().__new__(cls, name, bases, attributes)


class Stored(Document, metaclass=OfEntity):
    """The base of every service's documents.

    `revision` is 0 until it is stored and counts up with each change; a change is written only over the revision
    that was read (optimistic concurrency), so two who read the same state cannot both win. Each field says what it holds
    (`held`).
    """

    id = kinds.StringField(primary_key=True, **INTERNAL)
    revision = kinds.IntField(required=True, default=0, **INTERNAL)
    entity: ClassVar[Any]
    key: ClassVar[str]
    begins_subject: ClassVar[str] = ""
    """The field with the subject of events that a new record is the first about, if there is such a subject."""
    apart: ClassVar[tuple[str, ...]]
    """The entity's fields that `record_of` leaves out: the id, and what is not stored under its own name and type."""

    meta: ClassVar[dict[str, Any]] = {"abstract": True, "auto_create_index": False, "queryset_class": Query, "strict": False}

    @classmethod
    def collection_name(cls) -> str:
        """Return the collection it is stored in."""
        return str(cls._get_collection_name())

    @classmethod
    def records(cls) -> Any:
        """Return the driver's collection, for what mongoengine has no words for."""
        return cls._get_collection()

    @classmethod
    def record_of(cls, entity: Any) -> Record:
        """Return the record of an entity, but for what is not stored under its own name and type."""
        return {"_id": getattr(entity, cls.key), **to_record(entity, *cls.apart)}

    @classmethod
    def entity_of(cls, record: Record, **known: Any) -> Any:
        """Return the entity of a record; `known` are the fields that are not stored under their own name and type."""
        return from_record(cls.entity, record, **{cls.key: record["_id"], **known})


def count_and_first(found: Any, moment: str) -> tuple[int, datetime | None]:
    """Return how many records a query finds, and the earliest of their moments of this name; None if it finds none."""
    first = found.order_by(moment).only(moment).as_pymongo().first()
    return (found.count(), first[moment]) if first else (0, None)


def overdue(found: Iterable[tuple[Any, str, datetime]]) -> tuple[int, timedelta]:
    """Return how many records are past their time, and by how long the oldest is.

    Each query finds the records whose moment of this name is no later than its end; a record may be found by several.
    """
    late, longest = 0, timedelta(0)
    for query, moment, end in found:
        count, first = count_and_first(query, moment)
        late, longest = late + count, max(longest, end - first if first else longest)
    return late, longest


def _field(hint: Any, held: Mapping[str, Any]) -> BaseField:
    inner, optional = present(hint)
    if get_origin(inner) in MANY:
        return kinds.ListField(_kind(get_args(inner)[0])(), **held)
    kind = _kind(inner)
    return kind(required=not optional and kind is not kinds.DictField, **held)  # an empty one would count as missing


def _kind(hint: Any) -> Any:
    if is_dataclass(hint) or get_origin(hint) in (dict, Mapping):
        return kinds.DictField
    return kinds.StringField if issubclass(hint, Enum) else _KINDS[hint]
