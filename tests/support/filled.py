"""A value of any plain type with nothing left out, for tests of what is stored."""

from __future__ import annotations

import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import UTC, datetime, time
from enum import Enum
from typing import Any, Union, get_args, get_origin, get_type_hints

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PLAIN: dict[Any, Any] = {
    str: "word", int: 1, float: 1.0, bool: True, bytes: b"x", datetime: NOW, time: time(8), Any: "word", object: "word", dict: {},
}


def filled(kind: Any) -> Any:
    """A value of this type with nothing left out: every optional part is there, every list has one entry."""
    origin, parts = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        return filled(next(each for each in parts if each is not type(None)))
    if origin in (tuple, list, set, frozenset):
        return origin(filled(each) for each in parts if each is not ...)
    if origin in (dict, Mapping):
        return {filled(parts[0]): filled(parts[1])}
    if isinstance(kind, type) and issubclass(kind, Enum):
        return next(iter(kind))
    if is_dataclass(kind) and isinstance(kind, type):
        hints = get_type_hints(kind)
        return kind(**{each.name: filled(hints[each.name]) for each in fields(kind) if each.init})
    return PLAIN[kind]
