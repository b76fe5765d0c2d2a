"""Pure dataclasses as plain records and back, by their type hints: one mapping for all that is stored as it is.

A record holds what a document store takes: lists for tuples and sets (sets sorted), values for enumerations, texts for times of
day, records for dataclasses. Numbers, texts, moments and mappings stay as they are. Nothing is copied deeply.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Container, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import time
from enum import Enum
from functools import partial
from typing import Any, NamedTuple, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
Turn = Callable[[Any], Any]
MANY = (tuple, list, set, frozenset)


_STORED = "stored as"


class _Field(NamedTuple):
    name: str
    stored: str
    write: Turn | None
    read: Turn | None
    empty: Callable[[], Any] | None
    """The value to use instead of a missing one; None: its default."""


_known: dict[type, tuple[_Field, ...]] = {}


def stored_as(name: str) -> Mapping[str, str]:
    """Return the `metadata` of a dataclass field whose records have another name: one of an earlier version."""
    return {_STORED: name}


def stored_name(declared: Field[Any]) -> str:
    """Return the name that a field has in records."""
    return str(declared.metadata.get(_STORED, declared.name))


def to_record(value: Any, *without: str, only: Container[str] | None = None) -> dict[str, Any]:
    """Return the fields of a dataclass by stored name, but for those `without`; or `only` the named ones."""
    return {
        each.stored: part if part is None or each.write is None else each.write(part)
        for each in _fields(type(value))
        if each.stored not in without and (only is None or each.stored in only)
        for part in (getattr(value, each.name),)
    }


def from_record(kind: type[T], record: Mapping[str, Any], **known: Any) -> T:
    """Return the dataclass of a record; `known` fields win, and names that it does not have are ignored.

    What is missing or None keeps its default; without one it is None or empty, if its type allows that.
    """
    found = {
        each.name: each.empty() if part is None and each.empty else each.read(part) if each.read else part
        for each in _fields(kind)
        if each.name not in known
        for part in (record.get(each.stored),)
        if part is not None or each.empty
    }
    return kind(**found, **known)


def _fields(kind: type) -> tuple[_Field, ...]:
    if kind not in _known:
        hints = get_type_hints(kind)
        _known[kind] = tuple(_field(each, hints[each.name]) for each in fields(kind) if each.init)
    return _known[kind]


def _field(declared: Field[Any], hint: Any) -> _Field:
    inner, optional = present(hint)
    empty: Callable[[], Any] | None = None
    if declared.default is MISSING and declared.default_factory is MISSING:
        empty = type(None) if optional else get_origin(inner) if get_origin(inner) in MANY else None
    return _Field(declared.name, stored_name(declared), *_turns(inner), empty)


def present(hint: Any) -> tuple[Any, bool]:
    """Return the type without None, and whether None was among it."""
    if get_origin(hint) not in (Union, types.UnionType):
        return hint, hint in (Any, object)
    kinds = [each for each in get_args(hint) if each is not type(None)]
    return (kinds[0] if len(kinds) == 1 else Any), len(kinds) < len(get_args(hint))


def _turns(hint: Any) -> tuple[Turn | None, Turn | None]:
    """Return how to write and how to read a type; None: as it is."""
    origin, parts = get_origin(hint), get_args(hint)
    if origin in MANY:
        fixed = origin is tuple and parts[-1] is not ...
        return _turns_of_many(origin, Any if fixed else parts[0])
    if not isinstance(hint, type):
        return None, None
    if is_dataclass(hint):
        return to_record, partial(from_record, hint)
    if issubclass(hint, Enum):
        return _value, hint
    return (_minutes, time.fromisoformat) if hint is time else (None, None)


def _turns_of_many(kind: Any, hint: Any) -> tuple[Turn, Turn]:
    write, read = _turns(present(hint)[0])
    ordered: Turn = sorted if kind in (set, frozenset) else list
    return (
        ordered if write is None else lambda many: ordered(write(each) for each in many),
        kind if read is None else lambda many: kind(read(each) for each in many),
    )


def _value(choice: Enum) -> Any:
    return choice.value


def _minutes(at: time) -> str:
    return at.isoformat("minutes")
