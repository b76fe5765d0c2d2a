"""Read single native values by the kind that a field of a profile declares.

What one value cannot become is a problem of that value alone: the others of its field are still read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from ngao.kernel.text import clean, western_digits

OTHERS = ("keep", "refuse", "drop")
UNMAPPED = "unmapped_value"
BLANK = "blank"
_MOST_SIGNS = 50_001
"""One more than the longest text of a report holds, so that what is too long is seen to be."""
_MOST_ITEMS = 60
_OFFSET = re.compile(r"^[+-]\d\d:\d\d$")
_YEAR, _MONTH, _DATE = re.compile(r"^\d{4}$"), re.compile(r"^\d{4}-\d{2}$"), re.compile(r"^\d{4}-\d{2}-\d{2}$")
_YES, _NO = frozenset({"true", "yes", "1", "ndiyo"}), frozenset({"false", "no", "0", "hapana"})


class WrongShapeError(Exception):
    """A native value that cannot become what its field needs; the code is the reason."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class ValueMap:
    """Native values and ours; a value mapped to None is left out. `others` is what happens to a value that is not listed."""

    values: Mapping[str, str | None]
    others: str = "refuse"
    folded: Mapping[str, str | None] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "folded", {word.casefold(): ours for word, ours in self.values.items()})

    def translated(self, value: str) -> str | None:
        """Our word for a native one, exact or in another case; raises WrongShapeError for one that is refused."""
        if value in self.values:
            return self.values[value]
        if value.casefold() in self.folded:
            return self.folded[value.casefold()]
        if self.others == "refuse":
            raise WrongShapeError(UNMAPPED)
        return value if self.others == "keep" else None


@dataclass(frozen=True)
class Reader:
    """How the values of one field are read. `zone` is an offset such as +03:00, or a name of the IANA time zone database."""

    kind: str = "text"
    value_map: ValueMap | None = None
    strip_prefix: str = ""
    zone: str = "+00:00"


@dataclass
class Read:
    """What was read: one value, or a list; and the codes of what was not. `precision` is how exactly a date is written."""

    value: Any = field(default=None, repr=False)
    codes: list[str] = field(default_factory=list)
    precision: str = ""


def read(reader: Reader, value: Any) -> Read:
    """Read a native value. Nothing is raised: what cannot be read is in `codes`."""
    if value is None:
        return Read()
    try:
        return KINDS[reader.kind](reader, value)
    except WrongShapeError as wrong:
        return Read(codes=[wrong.code])


def _text(reader: Reader, value: Any) -> Read:
    return Read(_mapped(reader, _plain(reader, value)))


def _words(reader: Reader, value: Any) -> Read:
    return _each(reader, value if isinstance(value, list) else _plain(reader, value).split())


def _codes(reader: Reader, value: Any) -> Read:
    """One code, or several where a question of one choice has become one of many."""
    text = value if isinstance(value, list) else _plain(reader, value)
    if not isinstance(text, list) and (" " not in text or (reader.value_map and text in reader.value_map.values)):
        return Read(_mapped(reader, text))
    return _each(reader, text if isinstance(text, list) else text.split())


def _phones(reader: Reader, value: Any) -> Read:
    """Whole texts, because a number may have spaces in it; which numbers a text holds is read where they are used."""
    return _each(reader, value if isinstance(value, list) else [value])


def _each(reader: Reader, items: list[Any]) -> Read:
    found = Read([], ["length"] if len(items) > _MOST_ITEMS else [])
    for item in items[:_MOST_ITEMS]:
        one = read(Reader(value_map=reader.value_map, strip_prefix=reader.strip_prefix), item)
        found.codes += one.codes
        found.value += [] if one.value is None else [one.value]
    return found


def _boolean(reader: Reader, value: Any) -> Read:
    word = _mapped(reader, str(value).strip() if isinstance(value, bool) else _plain(reader, value))
    if word is None:
        return Read()
    if word.casefold() in _YES | _NO:
        return Read(word.casefold() in _YES)
    raise WrongShapeError("wrong_type")


def _datetime(reader: Reader, value: Any) -> Read:
    text = western_digits(_plain(reader, value))
    precision = next((name for name, shape in _SHAPES if shape.match(text)), "exact")
    try:
        moment = datetime.fromisoformat(text + _FILLED.get(precision, ""))
        moment = moment if moment.tzinfo else moment.replace(tzinfo=zone_of(reader.zone))
        return Read(moment.isoformat(), precision=precision)
    except (ValueError, OverflowError):
        raise WrongShapeError("format") from None


def zone_of(name: str) -> Any:
    """The time zone of an offset or a name; raises ValueError for what is neither."""
    if name == "UTC":
        return UTC
    if _OFFSET.match(name):
        return datetime.fromisoformat(f"2000-01-01T00:00{name}").tzinfo
    try:
        return ZoneInfo(name)
    except (ValueError, OSError):
        raise ValueError(f"{name} is neither an offset such as +03:00 nor a time zone") from None
    except KeyError:  # ZoneInfoNotFoundError
        raise ValueError(f"{name} is no time zone") from None


def _plain(reader: Reader, value: Any) -> str:
    """The text of a value, in one form; raises WrongShapeError for what is no text, and for a text of white space alone."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise WrongShapeError("wrong_type")
    text = clean(str(value)[:_MOST_SIGNS]).removeprefix(reader.strip_prefix)
    if not text:
        raise WrongShapeError(BLANK)
    return text


def _mapped(reader: Reader, text: str) -> str | None:
    return reader.value_map.translated(text) if reader.value_map else text


_SHAPES = (("year", _YEAR), ("month", _MONTH), ("day", _DATE))
_FILLED = {"year": "-01-01", "month": "-01"}
KINDS: Mapping[str, Callable[[Reader, Any], Read]] = {
    "text": _text, "words": _words, "codes": _codes, "phones": _phones, "boolean": _boolean, "datetime": _datetime,
}  # fmt: skip
