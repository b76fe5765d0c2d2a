"""Markers: strings that exist nowhere else, planted in every field that may hold something about a person.

The fields are found by walking a schema and reading each field's data class, so a field added tomorrow is marked tomorrow.
"""

from __future__ import annotations

import base64
import secrets
import string
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from marshmallow import Schema, ValidationError, fields

from ngao.contracts.classes import DataClass

HELD_CLOSED = {DataClass.SENSITIVE, DataClass.SEALED}
_PLAIN: tuple[Any, ...] = (True, "email", "mon", "08:00", 7, "text/plain", "0" * 64)


@dataclass(frozen=True)
class Token:
    """What all markers of one run have in common: a word of letters and digits, and the end of a telephone number."""

    word: str = field(default_factory=lambda: "zq" + "".join(secrets.choice(string.ascii_lowercase) for _ in range(10)))
    digits: str = field(default_factory=lambda: f"7{secrets.randbelow(10**8):08d}")

    def forms(self, number: int) -> tuple[str, ...]:
        """One marker in each form that a field may ask for: a text with all that is escaped somewhere, a telephone, ..."""
        name = f"{self.word}{number:02d}"
        text, phone = f"{name} Ũ \"quoted\" <&> 'and' \\ / %", f"+254{self.digits}"
        return text, phone, f"{name}@example.org", name, f"https://{name}.example.org/file"

    def patterns(self) -> dict[bytes, str]:
        """The bytes by which any marker is known: as it is, in other cases, spaced, base64 at each offset, hex, UTF-16.

        Escaping for JSON or for an address leaves letters and digits as they are, so it hides nothing.
        """
        words = (self.word, self.word.upper(), self.word.capitalize())
        spaced = " ".join((self.digits[:3], self.digits[3:6], self.digits[6:]))
        plain = [*words, self.digits, spaced]
        found = {each.encode(): "as it is" for each in plain}
        for each in plain:
            found |= dict.fromkeys(in_base64(each.encode()), "base64")
            found[each.encode().hex().encode()] = "hex"
            found[each.encode("utf-16-le")] = "UTF-16"
        return found


def in_base64(content: bytes) -> Iterator[bytes]:
    """What a text always leaves of itself in base64, at each of the three places where it can begin in a group."""
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + content)
        begin, end = (0, 2, 3)[before], (before + len(content)) // 3 * 4
        yield coded[begin:end]


@dataclass
class Planted:
    """A document with markers. `marked` and `closed` are the pointers of sensitive fields that hold one, or cannot."""

    document: dict[str, Any]
    marked: set[str]
    closed: set[str]


def plant(schema: type[Schema], token: Token, good: Mapping[str, Any]) -> Planted:
    """The good document, with every sensitive field of the schema set anew."""
    made = Planted({}, set(), set())
    made.document = _Planter(token, made).object(schema(), good, "")
    return made


class _Planter:
    """A field's own class counts: a coded field inside a sensitive object says what it is itself."""

    def __init__(self, token: Token, made: Planted) -> None:
        self._token, self._made = token, made

    def object(self, schema: Schema, good: Mapping[str, Any], at: str) -> dict[str, Any]:
        document = dict(good)
        for name, each in schema.fields.items():
            value = self._value(each, good.get(name), f"{at}/{name}")
            if value is not None:
                document[name] = value
        return document

    def _value(self, each: fields.Field[Any], good: Any, at: str) -> Any:
        if isinstance(each, fields.Nested):
            return self.object(each.schema, good or {}, at) if good is not None or _has_sensitive(each.schema) else None
        if isinstance(each, fields.List) and isinstance(each.inner, fields.Nested):
            items = good or ([{}] if _has_sensitive(each.inner.schema) else None)
            return items and [self.object(each.inner.schema, item, f"{at}/{place}") for place, item in enumerate(items)]
        if each.metadata["class"] in HELD_CLOSED:
            return self._leaf(each.inner, at)[:2] if isinstance(each, fields.List) else self._leaf(each, at)[0]
        return _plain(each) if good is None and each.required else good

    def _leaf(self, each: fields.Field[Any], at: str) -> list[Any]:
        """All forms of a marker that the field takes, or a plain value when it takes none."""
        taken = [form for form in self._token.forms(len(self._made.marked)) if takes(each, form)]
        (self._made.marked if taken else self._made.closed).add(at)
        return taken or [_plain(each)]


def _plain(each: fields.Field[Any]) -> Any:
    return next(value for value in _PLAIN if takes(each, value))


def takes(each: fields.Field[Any], value: Any) -> bool:
    """Whether a field accepts a value."""
    try:
        each.deserialize(value)
    except ValidationError:
        return False
    return True


def _has_sensitive(schema: Schema) -> bool:
    """Somewhere in it, however deep."""
    inner = [each.inner if isinstance(each, fields.List) else each for each in schema.fields.values()]
    return any(each.metadata.get("class") in HELD_CLOSED for each in schema.fields.values()) or any(
        _has_sensitive(each.schema) for each in inner if isinstance(each, fields.Nested)
    )


def leaf_at(schema: Schema, pointer: str) -> tuple[fields.Field[Any], bool]:
    """The field that a pointer leads to, and whether it holds something about a person."""
    each: fields.Field[Any] = fields.Nested(schema)
    sensitive = False
    for step in pointer.strip("/").split("/"):
        if isinstance(each, fields.List):
            each = each.inner  # the step is a place in the list
            continue
        each = each.schema.fields[step]
        sensitive = each.metadata["class"] in HELD_CLOSED
    return (each.inner if isinstance(each, fields.List) else each), sensitive
