"""Sections of a settings file, made from the dataclasses that they fill, and their errors as sentences.

Each field of a dataclass is a key of the file, of the field's type; a field without a default is a required key. `Annotated`
says the rest: marshmallow's validators, `Absent`, `At`. What concerns several keys is the dataclass's own `check_together`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, is_dataclass
from dataclasses import fields as fields_of
from datetime import UTC, datetime
from functools import cache, partial, reduce
from operator import getitem
from pathlib import Path
from types import NoneType, UnionType
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from marshmallow import Schema, fields, post_load, validates_schema


@dataclass(frozen=True)
class Absent:
    """The value of a key that is missing in a file, if it differs from the dataclass's own default."""

    value: Any


@dataclass(frozen=True)
class At:
    """Where the key is in the file, as `section.key`."""

    place: str


Steps = tuple[Any, ...]
"""The keys and positions that lead to a value."""
REQUIRED, HIDDEN = Absent(MISSING), At("")
"""A key that every file must have; a field that no file may give."""


class Section(Schema):
    """A part of a settings or policy file: a key that is not known is a mistake, as marshmallow has it."""


_AWARE = partial(fields.AwareDateTime, default_timezone=UTC)
_KINDS: dict[Any, Any] = {**Schema.TYPE_MAPPING, Mapping: fields.Dict, datetime: _AWARE}


@cache
def section_of(kind: type, base: Path) -> type[Section]:
    """Return the section whose keys are this dataclass's fields. It loads the dataclass's arguments; paths start at `base`."""
    groups: dict[str, dict[str, Any]] = {"": {}}
    places = {}
    hints = get_type_hints(kind, include_extras=True)
    for each in fields_of(kind):
        hint = hints[each.name]
        at = _note(hint, At, At(each.name)).place
        if at:
            places[each.name] = at
            group, _, key = at.rpartition(".")
            default = _note(hint, Absent, Absent(each.default)).value
            silence = {"required": True} if default is MISSING else {"load_default": default}
            groups.setdefault(group, {})[key] = _field(hint, base, silence)
    members = groups.pop("") | {group: _nested(_section(keys)) for group, keys in groups.items()}
    if check := getattr(kind, "check_together", None):
        members["_together"] = validates_schema(lambda _schema, data, **_: check(data))
    named = lambda _schema, data, **_: {name: reduce(getitem, at.split("."), data) for name, at in places.items()}  # noqa: E731
    return _section(members | {"_named": post_load(named)})


def _section(members: Mapping[str, Any]) -> type[Section]:
    return type("Made", (Section,), dict(members))


def _note(hint: Any, kind: type, otherwise: Any) -> Any:
    return next((note for note in get_args(hint) if isinstance(note, kind)), otherwise)


def _field(hint: Any, base: Path, options: Mapping[str, Any]) -> fields.Field[Any]:
    plain, *notes = get_args(hint) if get_origin(hint) is Annotated else (hint,)
    if is_dataclass(plain):
        return _nested(section_of(plain, base))  # type: ignore[arg-type]  # a class, as annotations are
    options = {"validate": [note for note in notes if callable(note)], **options}
    if isinstance(plain, UnionType):
        plain = next(each for each in get_args(plain) if each is not NoneType)
        options["allow_none"] = True
    if get_origin(plain) is tuple:
        return fields.List(_field(get_args(plain)[0], base, {}), post_load=tuple, **options)
    if plain is Path:
        no_file = "load_default" in options  # an empty word is then as good as none
        return fields.String(post_load=lambda given: None if no_file and not given else base / given, **options)
    field: fields.Field[Any] = _KINDS[get_origin(plain) or plain](**options)
    return field


def _nested(section: type[Section]) -> fields.Nested:
    """Return the field of a section. It may be left out if none of its keys is required."""
    if any(each.required for each in section().fields.values()):
        return fields.Nested(section, required=True)
    return fields.Nested(section, load_default=lambda: section().load({}))


def sentences(messages: Any, where: Callable[[Steps], str] = lambda _: "", at: Steps = ()) -> list[str]:
    """Return one sentence for each error of a marshmallow schema; `where` adds the place of what these steps lead to."""
    if isinstance(messages, dict):
        steps = {key: at if key == "_schema" else (*at, key) for key in messages}
        return [line for key, value in messages.items() for line in sentences(value, where, steps[key])]
    place = ".".join(map(str, at)) or "the file"
    return [f"{place}{where(at)}: {str(message).rstrip('.')}" for message in messages]
