"""Every field there is: of contracts, of requests and answers over HTTP. Read from the code, never from a list."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from marshmallow import Schema, fields

from ngao.chassis.storage.held import CHASSIS
from ngao.contracts import CATALOGUE
from ngao.contracts.classes import DataClass
from ngao.local.configuration import SERVICES
from tests.support.documents import documents, operations, service_class

HELD_CLOSED = {DataClass.SENSITIVE, DataClass.SEALED}


def declared(schema: type[Schema] | Schema, path: str = "") -> Iterator[tuple[str, fields.Field[Any]]]:
    """All fields of a schema with their pointers, those inside others too."""
    for name, field in (schema() if isinstance(schema, type) else schema).fields.items():
        where = f"{path}/{name}"
        yield where, field
        inner = field.inner if isinstance(field, fields.List) else field
        if isinstance(inner, fields.Nested):
            yield from declared(inner.schema, where)


def over_http() -> Iterator[tuple[str, type[Schema]]]:
    """Each request and each answer with a schema, named by service, method and path."""
    for service in SERVICES:
        for each in operations(service_class(service)):
            name = f"{service} {each.method} {each.path}"
            if each.request is not None:
                yield f"{name} request", each.request
            for status, answer in (each.responses or {}).items():
                if answer is not None:
                    yield f"{name} {status}", answer


def sent_to_us() -> set[type[Schema]]:
    """The schemas in which something about a person, or a person's address, comes in from outside."""
    said = [each.schema for each in CATALOGUE.values() if each.owner in {"source", "partner"}]
    asked = [schema for name, schema in over_http() if name.endswith(" request")]
    return {each for each in (*said, *asked) if any(field.metadata.get("class") in HELD_CLOSED for _, field in declared(each))}


def stored() -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """Each field of each record: service, `collection.field` as the store names it, and what the field says of itself."""
    for service in SERVICES:
        for document in documents(service):
            for field in document._fields.values():
                yield service, f"{document.collection_name()}.{field.db_field}", vars(field)
        for collection, held in CHASSIS.items():
            yield from ((service, f"{collection}.{name}", says) for name, says in held.items())
