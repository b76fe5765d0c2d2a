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

from tests.support.inventory import HELD_CLOSED, declared

_PLAIN: tuple[Any, ...] = (True, "email", "mon", "08:00", 7, "text/plain", "0" * 64, "UTC", "anyone", "never", "none")
_NUMBER_DIGITS = 3
_ESCAPES = (
    (r"\u%04x", "JSON-escaped"), (r"\u%04X", "JSON-escaped"), (r"\x%02x", "escaped"),
    ("%%%02X", "URL-encoded"), ("%%%02x", "URL-encoded"),
)  # fmt: skip


@dataclass(frozen=True)
class Stem:
    """What all markers of one run begin with, so that one pass over the bytes looks for all of them."""

    word: str = field(default_factory=lambda: "zq" + "".join(secrets.choice(string.ascii_lowercase) for _ in range(9)))
    digits: str = field(default_factory=lambda: f"7{secrets.randbelow(10**7):07d}")

    def patterns(self) -> dict[bytes, str]:
        """The bytes by which any marker of the run is known, and how it is written there."""
        spaced = " ".join((self.digits[:3], self.digits[3:6], self.digits[6:]))
        return {written: how for text in (self.word, self.digits, spaced) for how, written in writings(text)}


@dataclass
class Token:
    """What all markers of one kind have in common: a word of letters and the end of a telephone number.

    `fields` are the names of all fields that carry one; a marker's number is its field's place in it.
    """

    stem: Stem = field(default_factory=Stem)
    kind: str = "m"
    fields: dict[str, int] = field(default_factory=dict)

    @property
    def word(self) -> str:
        """What every text of this kind begins with."""
        return self.stem.word + self.kind

    @property
    def digits(self) -> str:
        """The nine last digits of the kind's telephone number."""
        return self.stem.digits + str(ord(self.kind) % 10)

    def forms(self, name: str) -> tuple[str, ...]:
        """A field's marker in each form that a field may ask for: a text with all that is escaped somewhere, a telephone, ..."""
        number = self.fields.setdefault(name, len(self.fields))
        marker = f"{self.word}{number:0{_NUMBER_DIGITS}d}"
        text, phone = f"{marker} Ũ \"quoted\" <&> 'and' \\ / %", f"+254{self.digits}"
        return text, phone, f"{marker}@example.org", marker, f"https://{marker}.example.org/file"

    def text(self, name: str) -> str:
        """A field's marker as a text."""
        return self.forms(name)[0]

    def patterns(self) -> dict[bytes, str]:
        """The bytes by which this kind is told from the others of its run."""
        digits = self.digits
        spaced = " ".join((digits[:3], digits[3:6], digits[6:]))
        return {written: how for text in (self.word, digits, spaced) for how, written in writings(text)}


def writings(text: str) -> Iterator[tuple[str, bytes]]:
    """All ways in which programs write a text of letters and digits, each with its name.

    Escaping for JSON or for an address leaves letters and digits as they are; a program that escapes everything is meant by
    the last three.
    """
    for each in dict.fromkeys((text, text.upper(), text.capitalize())):
        plain = each.encode()
        yield "as it is", plain
        yield "backwards", plain[::-1]
        yield from (("base64", part) for part in in_base64(plain))
        yield from (("hex", hexed.encode()) for hexed in (plain.hex(), plain.hex().upper()))
        yield "UTF-16", b"\0".join(bytes((byte,)) for byte in plain)
        yield from ((how, "".join(form % byte for byte in plain).encode()) for form, how in _ESCAPES)
        yield "a list of numbers", ",".join(str(byte) for byte in plain).encode()


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
    made.document = _Planter(token, made, schema.__name__).object(schema(), good, "")
    return made


class _Planter:
    """A field's own class counts: a coded field inside a sensitive object says what it is itself."""

    def __init__(self, token: Token, made: Planted, name: str) -> None:
        self._token, self._made, self._name = token, made, name

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
        name = f"{self._name}{at}"
        taken = [form for form in self._token.forms(name) if takes(each, form)]
        if not taken:
            del self._token.fields[name]
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
    return any(each.metadata["class"] in HELD_CLOSED for _, each in declared(schema))


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
