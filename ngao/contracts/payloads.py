"""Declare the data of an event once, as a dataclass; its marshmallow schema is built from the declaration.

A field names its data class and, where it has them, its bounds:

    @event("referral.declined.v1", schema="Declined")
    class OfferDeclined(OfferEvent):
        reason: Internal[str]
        note: Internal[Annotated[str, validate.Length(max=200)]] = ""

A field with a default may be missing from what is read, and `X | None` may be null. Every field is written, but for one
that is `IfSet`: it is left out while it has its default.
"""

from __future__ import annotations

import types
from collections.abc import Callable, Mapping
from dataclasses import MISSING, Field, dataclass, fields
from datetime import datetime
from functools import cache, partial
from typing import Annotated, Any, ClassVar, TypeVar, Union, dataclass_transform, get_args, get_origin, get_type_hints

from marshmallow import Schema, missing, validate
from marshmallow import fields as wire

from ngao.contracts.classes import DataClass, Moment, Strict, Tolerant, Unbounded, most_members

T = TypeVar("T")
C = TypeVar("C", bound="type[Part]")
E = TypeVar("E", bound="type[Payload]")


@dataclass(frozen=True)
class _Mark:
    """A fact about a field that its type does not hold."""

    name: str


_IF_SET, _LASTING, _WHOLE = _Mark("if set"), _Mark("lasting"), _Mark("whole")

Public = Annotated[T, DataClass.PUBLIC]
Internal = Annotated[T, DataClass.INTERNAL]
Sealed = Annotated[T, DataClass.SEALED]
IfSet = Annotated[T, _IF_SET]
"""Left out of the document while it has its default."""
Lasting = Annotated[datetime, _LASTING]
"""The end of what was granted: it may lie further ahead than other moments (see `Moment`)."""
Whole = Annotated[int, _WHOLE]
"""A number that is written as an integer, and not as a text or a float that could be one."""


@dataclass(frozen=True)
class OnWire:
    """What the schema of a payload is called, whether it refuses unknown fields, and whose schema it shares."""

    name: str
    strict: bool = False
    shape: type[Part] | None = None


class Part:
    """An object inside the data of an event, or the data itself."""

    __slots__ = ()
    on_wire: ClassVar[OnWire]


class Payload(Part):
    """The data of one event type. `type_name` is the type's name in the catalogue."""

    __slots__ = ()
    type_name: ClassVar[str]


@dataclass_transform(frozen_default=True, kw_only_default=True)
def part(*, schema: str = "", strict: bool = False) -> Callable[[C], C]:
    """Declare a dataclass. Its schema is called `schema`, or as the class; a strict one refuses unknown fields."""
    return partial(_declared, schema=schema, strict=strict, shape=None)


@dataclass_transform(frozen_default=True, kw_only_default=True)
def event(type_name: str, *, schema: str = "", strict: bool = False, shape: type[Part] | None = None) -> Callable[[E], E]:
    """Declare the data of an event type. Types that look the same on the wire share the schema of their `shape`."""

    def declared(cls: E) -> E:
        made = _declared(cls, schema=schema, strict=strict, shape=shape)
        made.type_name = type_name
        return made

    return declared


def _declared(cls: C, *, schema: str, strict: bool, shape: type[Part] | None) -> C:
    inherited = getattr(cls, "on_wire", None)
    made: Any = dataclass(frozen=True, slots=True, kw_only=True)(cls)
    made.on_wire = OnWire(schema or cls.__name__, strict or bool(inherited and inherited.strict), shape)
    return made  # type: ignore[no-any-return]


def schema_of(kind: type[Part]) -> type[Schema]:
    """Return the marshmallow schema of a payload, which checks it, writes it, and describes it in the reference."""
    return _built(kind.on_wire.shape or kind)  # type: ignore[arg-type]  # a class can be hashed


@cache
def _built(kind: type[Part]) -> type[Schema]:
    defaults = {each.name: _default(each) for each in fields(kind)}  # type: ignore[arg-type]  # every part is a dataclass
    hints = get_type_hints(kind, include_extras=True)
    made = {name: _field(f"{kind.__name__}.{name}", hints[name], default) for name, default in defaults.items()}
    left_out = {name: defaults[name] for name in defaults if _IF_SET in _taken_apart(hints[name])[1]}
    bounded = any(most_members(each) is not None for each in made.values())
    base = Strict if kind.on_wire.strict else Tolerant if bounded else Unbounded
    members = {"__doc__": kind.__doc__, "__module__": kind.__module__, "left_out": left_out, "get_attribute": _attribute}
    return type(kind.on_wire.name, (base,), {**members, **made})


def _attribute(self: Any, obj: Any, attr: str, default: Any) -> Any:
    """Read a member of a payload, or of a mapping; one that is left out is missing."""
    value = obj.get(attr, missing) if isinstance(obj, Mapping) else getattr(obj, attr, missing)
    if attr in self.left_out and not isinstance(obj, Mapping) and value == self.left_out[attr]:
        return default
    return default if value is missing else value


def _taken_apart(hint: Any) -> tuple[Any, list[Any], bool]:
    """Return the bare type of an annotation, its annotations, and whether it may be null."""
    said: list[Any] = []
    optional = False
    while True:
        if get_origin(hint) is Annotated:
            hint, *more = get_args(hint)
            said += more
        elif get_origin(hint) in {Union, types.UnionType}:
            (hint,) = (each for each in get_args(hint) if each is not type(None))
            optional = True
        else:
            return hint, said, optional


def _default(declared: Field[Any]) -> Any:
    """Return the default of a dataclass's field, as marshmallow expects it; MISSING for a field without one."""
    if declared.default_factory is not MISSING:
        return declared.default_factory
    return list if declared.default == () else declared.default


def _field(name: str, hint: Any, default: Any) -> wire.Field[Any]:
    """Return the schema's field of an attribute. Raises TypeError for one without a data class."""
    bare, said, optional = _taken_apart(hint)
    given = next((each for each in said if isinstance(each, DataClass)), None)
    if given is None:
        raise TypeError(f"{name} has no data class. Write Public[...], Internal[...] or Sealed[...].")
    options: dict[str, Any] = {"metadata": {"class": given}}
    if default is MISSING:
        options["required"] = True
    else:
        options["load_default"] = default
        if _IF_SET not in said:
            options["dump_default"] = options["load_default"]
    if optional:
        options["allow_none"] = True
    return _of_type(bare, said, options)


def _of_type(bare: Any, said: list[Any], options: dict[str, Any]) -> wire.Field[Any]:
    checks = [each for each in said if isinstance(each, validate.Validator)]
    if checks:
        options["validate"] = checks
    if get_origin(bare) is tuple:
        inner, inner_said, _ = _taken_apart(get_args(bare)[0])
        return wire.List(_of_type(inner, inner_said, {}), **options)
    if isinstance(bare, type) and issubclass(bare, Part):
        return wire.Nested(schema_of(bare), **options)
    if bare is datetime:
        return Moment(lasting=_LASTING in said, **options)
    if bare is int:
        return wire.Integer(strict=_WHOLE in said, **options)
    if get_origin(bare) is Mapping:
        return wire.Dict(keys=wire.String(), values=wire.Raw(), **options)
    return _PLAIN[bare](**options)


_PLAIN: dict[Any, type[wire.Field[Any]]] = {str: wire.String, bool: wire.Boolean}
