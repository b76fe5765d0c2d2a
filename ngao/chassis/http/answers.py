"""Schemas of answers that hold codes, numbers and times only: nothing about a person."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from marshmallow import Schema, fields

from ngao.contracts import INTERNAL

TEXT, NUMBER, TRUTH, OBJECT = fields.String, fields.Integer, fields.Boolean, fields.Dict
"""What a value of an answer may be."""
OBJECTS = partial(fields.List, fields.Dict())
"""A list of objects without a schema of their own."""


def answer(name: str, says: str, **values: Callable[..., Any]) -> type[Schema]:
    """Make a schema whose fields are all internal and may be null; a schema as a value is a list of such answers."""
    members = {each: _field(kind) for each, kind in values.items()}
    return type(name, (Schema,), {**members, "__doc__": says, "__module__": __name__})


def _field(kind: Callable[..., Any]) -> fields.Field[Any]:
    is_schema = isinstance(kind, type) and issubclass(kind, Schema)
    make: Callable[..., fields.Field[Any]] = partial(fields.List, fields.Nested(kind)) if is_schema else kind
    return make(allow_none=True, metadata=INTERNAL)
