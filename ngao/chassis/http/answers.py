"""Schemas of answers that hold codes, numbers and times only: nothing about a person."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from ngao.contracts import INTERNAL

TEXT, NUMBER, TRUTH, OBJECTS = fields.String, fields.Integer, fields.Boolean, fields.Dict
"""What a value of an answer may be; `OBJECTS` is a list of objects without a schema of their own."""


def answer(name: str, says: str, **values: type[fields.Field[Any] | Schema]) -> type[Schema]:
    """Make a schema whose fields are all internal and may be null; a schema as a value is a list of such answers."""
    members = {each: _field(kind) for each, kind in values.items()}
    return type(name, (Schema,), {**members, "__doc__": says, "__module__": __name__})


def _field(kind: type[Any]) -> fields.Field[Any]:
    if issubclass(kind, Schema):
        return fields.List(fields.Nested(kind), allow_none=True, metadata=INTERNAL)
    if kind is OBJECTS:
        return fields.List(fields.Dict(), allow_none=True, metadata=INTERNAL)
    made: fields.Field[Any] = kind(allow_none=True, metadata=INTERNAL)
    return made
