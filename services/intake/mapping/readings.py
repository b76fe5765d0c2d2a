"""Read single native values by the kind that a field of a profile declares.

What one value cannot become is a problem of that value alone: the others of its field are still read.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from ngao.kernel.text import clean, western_digits

OTHERS = ("keep", "refuse", "drop")
UNMAPPED = "unmapped_value"
BLANK = "blank"
_MOST_SIGNS = 50_001
"""One more than the longest text of a report holds, so that what is too long is seen to be."""
_MOST_ITEMS = 60
_LONGEST_LABEL = 12
"""Words."""
_APART = re.compile(r"(?<=\w)[\s_-]+(?=\w)|_")
_BETWEEN = re.compile(r"[,;|]")
_APOSTROPHES = dict.fromkeys(map(ord, "\u2018\u2019\u02bc\u02bb"), "'")
_OFFSET = re.compile(r"^[+-]\d\d:\d\d$")
_YEAR, _MONTH, _DATE = re.compile(r"^\d{4}$"), re.compile(r"^\d{4}-\d{2}$"), re.compile(r"^\d{4}-\d{2}-\d{2}$")
_YES, _NO = frozenset({"true", "yes", "1", "ndiyo"}), frozenset({"false", "no", "0", "hapana"})


class WrongShapeError(Exception):
    """A native value that cannot become what its field needs; the code is the reason."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def spoken(words: str) -> str:
    """Return a code or label in the form in which two are equal: in any case, with spaces, hyphens or underscores."""
    return _APART.sub(" ", clean(words).casefold().translate(_APOSTROPHES)).strip(" .")


@dataclass(frozen=True)
class ValueMap:
    """Native values and ours; a value mapped to None is left out. `others` is what happens to a value that is not listed."""

    values: Mapping[str, str | None]
    others: str = "refuse"
    folded: Mapping[str, str | None] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        folded = {form(word): ours for form in (spoken, str.casefold) for word, ours in self.values.items()}
        object.__setattr__(self, "folded", folded)

    def lists(self, value: str) -> bool:
        """Return True if it has a word for a value, exact or in another spelling."""
        return value in self.values or value.casefold() in self.folded or spoken(value) in self.folded

    def translated(self, value: str) -> str | None:
        """Return our word for a native one, exact or in another writing; raises WrongShapeError for one that is refused."""
        if value in self.values:
            return self.values[value]
        for form in (value.casefold(), spoken(value)):
            if form in self.folded:
                return self.folded[form]
        if self.others == "refuse":
            raise WrongShapeError(UNMAPPED)
        return value if self.others == "keep" else None


@dataclass(frozen=True)
class ValueReader:
    """How the values of one field are read. `zone` is an offset such as +03:00, or a name of the IANA time zone database.

    `names` leads from the codes and labels of the field's list, as `spoken`, to its codes.
    """

    kind: str = "text"
    value_map: ValueMap | None = None
    strip_prefix: str = ""
    zone: str = "+00:00"
    names: Mapping[str, str] = field(default_factory=dict, repr=False)

    def knows(self, text: str) -> bool:
        """Return True if a text is, as a whole, one value of the field."""
        return bool(self.value_map and self.value_map.lists(text)) or spoken(text) in self._names

    def meant(self, text: str) -> str | None:
        """Return the value of a text, or None for one that is left out. Raises WrongShapeError for one that is refused."""
        if self.value_map and (self.value_map.lists(text) or spoken(text) not in self._names):
            return self.value_map.translated(text)
        return self._names.get(spoken(text), text)

    @property
    def _names(self) -> Mapping[str, str]:
        """Return values that are valid beside the map; none if an operator refuses or drops what is not in it."""
        return self.names if self.value_map is None or self.value_map.others == "keep" else {}


@dataclass
class Read:
    """What was read: one value, or a list; and the codes of what was not. `precision` is how exactly a date is written."""

    value: Any = field(default=None, repr=False)
    codes: list[str] = field(default_factory=list)
    precision: str = ""


def read(reader: ValueReader, value: Any) -> Read:
    """Read a native value. Nothing is raised: what cannot be read is in `codes`."""
    if value is None:
        return Read()
    try:
        return KINDS[reader.kind](reader, value)
    except WrongShapeError as wrong:
        return Read(codes=[wrong.code])


def _text(reader: ValueReader, value: Any) -> Read:
    return Read(reader.meant(_plain(reader, value)))


def _words(reader: ValueReader, value: Any) -> Read:
    return _each(reader, value if isinstance(value, list) else phrases(reader, _plain(reader, value)))


def _codes(reader: ValueReader, value: Any) -> Read:
    """Read one code, or several where a question of one choice has become one of many."""
    found = value if isinstance(value, list) else phrases(reader, _plain(reader, value))
    return Read(reader.meant(found[0])) if len(found) == 1 and not isinstance(value, list) else _each(reader, found)


def phrases(reader: ValueReader, text: str) -> list[str]:
    """Return the values in a text: all of it if that is one, else the parts between commas, else the longest known words.

    A label that is cut at its spaces becomes another value: an attempted killing a killing, a death threat a threat.
    """
    if reader.knows(text):
        return [text]
    parts = (word for part in _BETWEEN.split(text) for word in _beside_slashes(reader, part))
    return list(islice((phrase for part in parts for phrase in _runs(reader, part.split())), _MOST_ITEMS + 1)) or [text]


def _beside_slashes(reader: ValueReader, part: str) -> list[str]:
    """Split at slashes, which separate names of a list, but for a form whose own codes hold one."""
    is_cut = reader.names and not any("/" in word and reader.knows(word) for word in part.split())
    return part.split("/") if is_cut and not reader.knows(part) else [part]


def _runs(reader: ValueReader, words: list[str]) -> Iterator[str]:
    at = 0
    while at < len(words):
        ends = range(min(len(words), at + _LONGEST_LABEL), at + 1, -1)
        end = next((end for end in ends if reader.knows(" ".join(words[at:end]))), at + 1)
        yield " ".join(words[at:end])
        at = end


def _phones(reader: ValueReader, value: Any) -> Read:
    """Read whole texts, because a number may have spaces in it; which numbers a text holds is read where they are used."""
    return _each(reader, value if isinstance(value, list) else [value])


def _each(reader: ValueReader, items: list[Any]) -> Read:
    found = Read([], ["length"] if len(items) > _MOST_ITEMS else [])
    for item in items[:_MOST_ITEMS]:
        one = read(replace(reader, kind="text"), item)
        found.codes += one.codes
        found.value += [] if one.value is None else [one.value]
    return found


def _boolean(reader: ValueReader, value: Any) -> Read:
    word = reader.meant(str(value).strip() if isinstance(value, bool) else _plain(reader, value))
    if word is None:
        return Read()
    if word.casefold() in _YES | _NO:
        return Read(word.casefold() in _YES)
    raise WrongShapeError("wrong_type")


def _datetime(reader: ValueReader, value: Any) -> Read:
    text = western_digits(_plain(reader, value))
    precision = next((name for name, shape in _SHAPES if shape.match(text)), "exact")
    try:
        moment = datetime.fromisoformat(text + _FILLED.get(precision, ""))
        moment = moment if moment.tzinfo else moment.replace(tzinfo=zone_of(reader.zone))
        return Read(moment.isoformat(), precision=precision)
    except (ValueError, OverflowError):
        raise WrongShapeError("format") from None


def zone_of(name: str) -> Any:
    """Return the time zone of an offset or a name. Raises ValueError for anything else."""
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


def _plain(reader: ValueReader, value: Any) -> str:
    """Return the text of a value, in one form. Raises WrongShapeError for one that is no text or only white space."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise WrongShapeError("wrong_type")
    text = clean(str(value)[:_MOST_SIGNS]).removeprefix(reader.strip_prefix)
    if not text:
        raise WrongShapeError(BLANK)
    return text


_SHAPES = (("year", _YEAR), ("month", _MONTH), ("day", _DATE))
_FILLED = {"year": "-01-01", "month": "-01"}
KINDS: Mapping[str, Callable[[ValueReader, Any], Read]] = {
    "text": _text,
    "words": _words,
    "codes": _codes,
    "phones": _phones,
    "boolean": _boolean,
    "datetime": _datetime,
}
