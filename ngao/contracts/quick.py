"""Read documents that keep their schema with msgspec, which takes a tenth of the time; marshmallow remains the judge.

A reader is compiled from a schema. It takes only what the schema takes too, and gives the same. Whatever else comes is left to
the schema, which takes it after all or says what is wrong: a reader never refuses and writes no message. What msgspec has no
words for, such as an e-mail address, is read by the field itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from keyword import iskeyword
from typing import Annotated, Any, Literal, Optional, Union

import msgspec
from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, missing, validate
from msgspec import UNSET, Meta, UnsetType

from ngao.contracts.classes import Moment, Pattern, Text

_Read = Callable[[Any], Any]
_HOOKS = ("pre_load", "validates", "validates_schema", "post_load")
_PLAIN: dict[Any, type] = {fields.String: str, Text: str, fields.Integer: int, fields.Boolean: bool}
_PLAIN_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?Z", re.ASCII)


class _NotQuick(Exception):
    """A field, or a schema, of which this module does not know how it reads."""


@dataclass(frozen=True)
class _Member:
    """A field: its type for msgspec, what is done with its value, and its default if it may be missing."""

    kind: Any
    read: _Read | None
    required: bool
    default: Any


class _Reader:
    """One schema, compiled."""

    def __init__(self, schema: Schema) -> None:
        hooks = {hook for tag in _HOOKS for hook, *_ in type(schema).resolve_hooks()[tag]}
        if schema.unknown not in (EXCLUDE, RAISE) or hooks - {"cut_lists"}:
            raise _NotQuick
        members = {name: _member(name, field) for name, field in schema.fields.items()}
        declared: list[Any] = [
            (name, each.kind) if each.required else (name, Union[each.kind, UnsetType], UNSET)  # noqa: UP007 - made at run time
            for name, each in members.items()
        ]
        self.struct: Any = msgspec.defstruct(
            type(schema).__name__, declared, forbid_unknown_fields=schema.unknown == RAISE, kw_only=True
        )
        self._members = tuple((name, each.read, each.default) for name, each in members.items())

    def document(self, struct: Any) -> dict[str, Any]:
        """Return what the schema would have given."""
        made: dict[str, Any] = {}
        for name, read, default in self._members:
            value = getattr(struct, name)
            if value is UNSET:
                if default is not missing:
                    made[name] = default() if callable(default) else default
            else:
                made[name] = read(value) if read else value
        return made

    def load(self, data: Any) -> dict[str, Any] | None:
        """Return a document as the schema loads it; None leaves it to the schema."""
        try:
            return self.document(msgspec.convert(data, self.struct))
        except (msgspec.ValidationError, ValidationError, ValueError):
            return None


def load(schema: Schema, data: Any) -> dict[str, Any]:
    """Load a document, quickly if it can be. Raises marshmallow's ValidationError."""
    reader = reader_of(schema)
    found = reader.load(data) if reader else None
    loaded: dict[str, Any] = schema.load(data) if found is None else found
    return loaded


@cache
def reader_of(schema: Schema) -> _Reader | None:
    """Return the reader of a schema; None for one that only marshmallow can read."""
    try:
        return _Reader(schema)
    except _NotQuick:
        return None


def _member(name: str, field: fields.Field[Any]) -> _Member:
    if field.data_key or field.attribute or field.dump_only or iskeyword(name):
        raise _NotQuick
    try:
        kind, read = _of_field(field)
    except _NotQuick:
        return _Member(Any, field.deserialize, field.required, field.load_default)
    if field.allow_none:
        kind, read = Optional[kind], read and partial(_unless_none, read)  # noqa: UP045 - made at run time
    return _Member(kind, read, field.required, field.load_default)


def _unless_none(read: _Read, value: Any) -> Any:
    return None if value is None else read(value)


def _of_field(field: fields.Field[Any]) -> tuple[Any, _Read | None]:
    """Return the type of a field, and what is done with a value of it. Raises _NotQuick."""
    match field:
        case fields.List():
            return _of_list(field)
        case fields.Nested():
            reader = reader_of(field.schema)
            if reader is None or field.validators or field.only or field.exclude or field.many or field.unknown:
                raise _NotQuick
            return reader.struct, reader.document
        case Moment():
            if field.validators:
                raise _NotQuick
            return str, partial(_moment, field)
    if type(field) not in _PLAIN:
        raise _NotQuick
    return _bounded(_PLAIN[type(field)], field), None


def _of_list(field: fields.List[Any]) -> tuple[Any, _Read | None]:
    inner, read = _of_field(field.inner)
    if field.inner.allow_none:
        raise _NotQuick
    return _bounded(list[inner], field), partial(_each, read) if read else None  # type: ignore[valid-type]  # a type for msgspec


def _bounded(kind: Any, field: fields.Field[Any]) -> Any:
    """Return a type with what the field's validators demand. Raises _NotQuick for another validator."""
    for each in field.validators:
        match each:
            case validate.Length(min=least, max=most, equal=None):
                kind = Annotated[kind, Meta(min_length=least, max_length=most)]
            case validate.Range(min=least, max=most, min_inclusive=True, max_inclusive=True):
                kind = Annotated[kind, Meta(ge=least, le=most)]
            case validate.OneOf(choices=choices) if len(field.validators) == 1 and all(isinstance(one, str) for one in choices):
                kind = Literal[tuple(choices)]
            case Pattern(regex=regex) if regex.flags == re.UNICODE:
                kind = Annotated[kind, Meta(pattern=rf"\A(?:{regex.pattern!s})\Z")]
            case _:
                raise _NotQuick
    return kind


def _each(read: _Read, values: list[Any]) -> list[Any]:
    return [read(value) for value in values]


def _moment(field: Moment, value: str) -> datetime:
    """Read the one form in which services write; of all others the field knows more."""
    if _PLAIN_TIME.fullmatch(value):
        return field.within_bounds(datetime.fromisoformat(value))
    moment: datetime = field.deserialize(value)
    return moment
