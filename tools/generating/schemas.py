"""JSON Schema (draft 2020-12) of each event's data, from the marshmallow schema that checks it."""

from __future__ import annotations

import inspect
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin
from marshmallow import Schema, fields

from ngao.contracts import CATALOGUE, EventType
from tools.generating.text import BASE, as_json

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_FROM, _TO = "#/components/schemas/", "#/$defs/"


def files() -> dict[str, str]:
    """Return one file for each event type, and one for the common envelope."""
    made = {f"docs/reference/schemas/{name}.json": as_json(standalone(entry)) for name, entry in CATALOGUE.items()}
    made["docs/reference/schemas/envelope.json"] = as_json(
        {"$schema": DIALECT, "$id": f"{BASE}/schemas/envelope.json", **envelope()}
    )
    return made


def standalone(entry: EventType) -> dict[str, Any]:
    """Return a schema that needs no other file: the schemas that it refers to are in its `$defs`."""
    parts = {_name(schema): described for schema, described in definitions(entry.schema).items()}
    root = parts.pop(_name(entry.schema))
    document: dict[str, Any] = {
        "$schema": DIALECT,
        "$id": f"{BASE}/schemas/{entry.name}.json",
        "title": entry.name,
        **root,
        "x-data-class": entry.classification,
    }
    if parts:
        document["$defs"] = dict(sorted(parts.items()))
    moved: dict[str, Any] = _moved(document)
    return moved


def definitions(schema: type[Schema]) -> dict[type[Schema], dict[str, Any]]:
    """Return a schema and all that it refers to; references point to `#/components/schemas/`."""
    plugin = MarshmallowPlugin(schema_name_resolver=_name)
    spec = APISpec("schemas", "1", "3.1.0", plugins=[plugin])
    if plugin.converter is not None:
        plugin.converter.add_attribute_function(_data_class)
    classes = nested(schema)
    for each in classes:
        if _name(each) not in spec.components.schemas:
            spec.components.schema(_name(each), schema=each)
    made = spec.to_dict()["components"]["schemas"]
    return {each: {"description": inspect.getdoc(each) or "", **made[_name(each)]} for each in classes}


def nested(schema: type[Schema]) -> list[type[Schema]]:
    """Return a schema and the schemas nested in it, each once, itself first."""
    found = [schema]
    for field in schema().fields.values():
        inner = field.inner if isinstance(field, fields.List) else field
        if isinstance(inner, fields.Nested):
            found += [each for each in nested(type(inner.schema)) if each not in found]
    return found


def envelope() -> dict[str, Any]:
    """Return the schema of the context attributes of every event, as `ngao.contracts.envelope` reads them."""
    text = {"type": "string", "minLength": 1}
    return {
        "title": "CloudEvents 1.0 in structured JSON, as Ngao uses it",
        "type": "object",
        "required": ["specversion", "id", "source", "type"],
        "properties": {
            "specversion": {"const": "1.0"},
            "id": {**text, "description": "With source: what makes an event the same event on every attempt."},
            "source": {**text, "description": "/ngao/<service>, /partner/<id> or /source/<id>."},
            "type": {**text, "description": "A type of the catalogue."},
            "subject": {"type": "string", "description": "A case reference; for replies the offer."},
            "time": {"type": "string", "format": "date-time"},
            "datacontenttype": {"const": "application/json"},
            "dataclassification": {"enum": ["public", "internal", "sensitive", "sealed"]},
            "urgent": {"type": "boolean", "description": "Chooses the queue; true when the urgency is critical."},
            "sequence": {"type": "string", "pattern": "^[0-9]+$", "description": "Counts up for each subject and source."},
            "traceparent": {"type": "string", "description": "W3C Trace Context."},
            "partnerid": {"type": "string", "description": "The partner an event is for."},
            "sourceid": {"type": "string", "description": "The source a result is for."},
            "data": {"type": "object"},
        },
    }


def _name(schema: Any) -> str:
    return (schema if isinstance(schema, type) else type(schema)).__name__


def _data_class(_converter: Any, field: fields.Field[Any], **_: Any) -> dict[str, Any]:
    given = field.metadata.get("class")
    return {"x-data-class": str(given)} if given else {}


def _moved(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _reference(each) if key == "$ref" else _moved(each) for key, each in value.items()}
    return [_moved(each) for each in value] if isinstance(value, list) else value


def _reference(target: str) -> str:
    return target.replace(_FROM, _TO)
