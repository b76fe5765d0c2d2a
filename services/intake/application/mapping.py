"""Turn a source's own native body into the canonical report, field by field, by a profile that operators write.

A field names JMESPath expressions (jmespath.org) and the JSON pointer it fills. What no field takes is dropped and its name kept,
so that an operator sees what a form asks in vain. A value that cannot be read costs that value alone: it is left out, and named
by a pointer into the native body, which its author knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from services.intake.application.pointers import (
    Item,
    assign,
    items_at,
    items_of,
    native_pointer,
    other_words,
    top_level_name,
    top_level_other,
)
from services.intake.application.readings import BLANK, Read, Reader, read
from services.intake.domain.problems import LeftOut

_PLAIN_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_./-]{0,99}$")
_LONGEST_NAME = 200
_EMPTY: tuple[Any, ...] = (None, "", [], {})
# KoboToolbox, ONA and ODK write it in UTC and without an offset, whatever zone the form's own questions are in.
SUBMISSION_TIME = "_submission_time"
_NOT_SAFE = "/contact_safety/may_contact"
# Where a form's "other, please specify" is answered in words: codes of what happened and of what is needed, nothing about who.
_IN_WORDS = re.compile(r"^/(violations/.*|needs|reporter/role)$")


@dataclass(frozen=True)
class Expression:
    """One JMESPath expression; `zone` is that of a date which bears none itself, if it is not that of its field."""

    text: str
    zone: str = ""


@dataclass(frozen=True)
class FieldRule:
    """Which expressions fill which pointer, and how; `for_each` is the repeat group that they are read in, item by item."""

    to: str
    sources: tuple[Expression, ...]
    reader: Reader = field(default_factory=Reader)
    default: str | None = None
    only_with: str | None = None
    for_each: str = ""

    def reading(self, source: Expression) -> Reader:
        """How a value that one of its expressions gives is read."""
        zone = source.zone or ("UTC" if source.text == SUBMISSION_TIME else "")
        return replace(self.reader, zone=zone) if zone else self.reader

    def place(self, source: Expression) -> str:
        """The pointer into the native body of an expression."""
        return native_pointer(self.for_each) + native_pointer(source.text) if self.for_each else native_pointer(source.text)


@dataclass(frozen=True)
class Edit:
    """How a body is known as an edited form: it names what it `replaces`; `name` is then the name of this very version."""

    name: tuple[Expression, ...]
    replaces: tuple[Expression, ...]


@dataclass(frozen=True)
class Profile:
    """How one kind of native body is read."""

    name: str
    version: str
    fields: tuple[FieldRule, ...]
    unwrap: tuple[str, ...] = ()
    discard: frozenset[str] = frozenset()
    edit: Edit | None = None


@dataclass
class Mapped:
    """What a profile made of a native body.

    `origins` is for each pointer filled where its value came from, `precisions` how exactly a date there is written; `words` are
    answers in words to "other, please specify"; `unread` are the pointers for which something was said that cannot be read.
    `submitted_at` is when the form reached its server, if the body bears it; `edit` is the name of an edited version.
    """

    profile: Profile
    report: dict[str, Any] = field(default_factory=dict, repr=False)
    origins: dict[str, str] = field(default_factory=dict)
    precisions: dict[str, str] = field(default_factory=dict)
    left_out: list[LeftOut] = field(default_factory=list)
    unread: list[str] = field(default_factory=list)
    words: list[str] = field(default_factory=list, repr=False)
    groups: dict[str, list[list[int]]] = field(default_factory=dict)
    discarded: tuple[str, ...] = ()
    wrapper: str = ""
    submitted_at: str | None = None
    edit: str | None = None

    def native(self, pointer: str) -> str:
        """The place in the native body that a pointer into the report stands for; the whole body if no one place does."""
        known = [each for each in self.origins if pointer == each or pointer.startswith(f"{each}/")]
        if known:
            return self.origins[max(known, key=len)]
        asked = (each.place(each.sources[0]) for each in self.profile.fields if _meant(each.to, pointer))
        return next((self.wrapper + place for place in asked), "")

    def leave_out(self, place: str, codes: Iterable[str]) -> None:
        """Name a place of the native body of which something could not be read, once for each code."""
        for code in codes:
            named = LeftOut(place, code)
            if named not in self.left_out:
                self.left_out.append(named)

    def put(self, pointer: str, found: Read, origin: str) -> None:
        """Fill a pointer with what was read; name what was not."""
        self.leave_out(origin, found.codes)
        if any(code != BLANK for code in found.codes):
            self.unread.append(pointer)
        value = False if found.codes and pointer == _NOT_SAFE else found.value
        if value is None or value == []:
            return
        for to, each in _targets(self.report, pointer, value):
            assign(self.report, to, each)
            self.origins[to] = origin
            if found.precision:
                self.precisions[to] = found.precision


def map_native(profile: Profile, body: Mapping[str, Any]) -> Mapped:
    """Apply a profile. Nothing is raised: what cannot be mapped is in `left_out`."""
    wrapper = next((name for name in profile.unwrap if isinstance(body.get(name), dict)), None)
    native = body[wrapper] if wrapper else body
    mapped = Mapped(profile, wrapper=f"/{wrapper}" if wrapper else "")
    for rule in profile.fields:
        _fill(mapped, rule, native)
    mapped.discarded = _discarded(profile, native)
    mapped.submitted_at = read(Reader("datetime", zone="UTC"), native.get(SUBMISSION_TIME)).value
    mapped.edit = _edit(profile.edit, native)
    return mapped


def _edit(edit: Edit | None, native: Mapping[str, Any]) -> str | None:
    if edit is None or _first(edit.replaces, native) is None:
        return None
    name = _first(edit.name, native)
    return str(name)[:_LONGEST_NAME] if name is not None else None


def _first(sources: Iterable[Expression], native: Mapping[str, Any]) -> Any:
    values = (jmespath.search(each.text, native) for each in sources)
    return next((value for value in values if value not in _EMPTY), None)


def check_expression(expression: str) -> None:
    """Raise ValueError for an expression that is not JMESPath."""
    try:
        jmespath.compile(expression)
    except JMESPathError as error:
        raise ValueError(f"not a JMESPath expression: {type(error).__name__}") from None


def _fill(mapped: Mapped, rule: FieldRule, native: Mapping[str, Any]) -> None:
    if rule.only_with and rule.only_with not in mapped.origins:
        return
    items = _items(rule, native) if "/*/" in rule.to else None
    if items is not None:
        _fill_each(mapped, rule, items)
        return
    source, value = _found(rule, native)
    mapped.put(rule.to, read(rule.reading(source), value), mapped.wrapper + rule.place(source))
    _take_words(mapped, rule, native)


def _fill_each(mapped: Mapped, rule: FieldRule, items: list[Item]) -> None:
    """Fill what one list's items give: item by item, so that what is reported of one act stays with that act."""
    head, _, tail = rule.to.partition("/*/")
    groups = mapped.groups.get(head) or [[at] for at in range(items_at(mapped.report, head))]
    made: list[list[int]] = []
    for at, item in enumerate(items):
        source, value, place = _found_in(rule, item)
        origin, found = mapped.wrapper + place, read(rule.reading(source), value)
        if groups:
            for index in groups[at] if at < len(groups) else ():
                mapped.put(f"{head}/{index}/{tail}", found, origin)
        else:
            made.append(_begin(mapped, (head, sum(map(len, made)), tail), found, origin))
        _take_words(mapped, rule, item.native)
    mapped.groups[head] = groups or made


def _begin(mapped: Mapped, to: tuple[str, int, str], found: Read, origin: str) -> list[int]:
    """Make what one item of a repeat group reports, one or several where a question has several answers; gives their places."""
    (head, start, tail), value = to, found.value
    values = value if isinstance(value, list) and not _is_of_each(tail) else [] if value is None else [value]
    mapped.leave_out(origin, found.codes)
    places = list(range(start, start + len(values)))
    for index, each in zip(places, values, strict=True):
        mapped.put(f"{head}/{index}/{tail}", Read(each, precision=found.precision), origin)
    return places


def _found(rule: FieldRule, native: Mapping[str, Any]) -> tuple[Expression, Any]:
    """The first expression that gives a value, and the value."""
    for source in rule.sources:
        value = jmespath.search(source.text, native)
        if value not in _EMPTY:
            return source, value
    return rule.sources[0], rule.default


def _found_in(rule: FieldRule, item: Item) -> tuple[Expression, Any, str]:
    if not rule.for_each:
        return rule.sources[0], rule.default if item.value in _EMPTY else item.value, item.place
    source, value = _found(rule, item.native)
    return source, value, item.place + native_pointer(source.text)


def _items(rule: FieldRule, native: Mapping[str, Any]) -> list[Item] | None:
    """The items of a repeat group that a rule is read in; None where its values are no items of one."""
    if rule.for_each:
        return items_of(rule.for_each, native)
    for source in rule.sources:
        items = items_of(source.text, native)
        if items is not None and any(item.value not in _EMPTY for item in items):
            return items
    return None


def _take_words(mapped: Mapped, rule: FieldRule, native: Any) -> None:
    if not _IN_WORDS.match(rule.to) or not isinstance(native, Mapping):
        return
    for source in rule.sources:
        name, words = other_words(source.text, native)
        if words and name not in mapped.profile.discard and f"{name}: {words}" not in mapped.words:
            mapped.words.append(f"{name}: {words}")


def _targets(report: Mapping[str, Any], to: str, value: Any) -> Iterable[tuple[str, Any]]:
    """Which pointers get which values: `*` stands for each item, of the value if it is a list, else of what is there.

    Several values for a place in a list that is written with its number take the places after it as well.
    """
    numbered = re.match(r"^(.*)/(\d+)(/.*)$", to) if isinstance(value, list) and "/*/" not in to else None
    if numbered and "/perpetrators/" in to:
        head, first, tail = numbered.groups()
        return [(f"{head}/{int(first) + at}{tail}", each) for at, each in enumerate(value)]
    if "/*/" not in to:
        return [(to, value)]
    head, _, tail = to.partition("/*/")
    if isinstance(value, list) and not _is_of_each(tail):
        return [(f"{head}/{at}/{tail}", each) for at, each in enumerate(value)]
    return list(_everywhere(report, head, tail, value))


def _is_of_each(tail: str) -> bool:
    """True for what each act has a list of: several values are several of that act, not one for each act."""
    return tail.startswith("perpetrators/") or tail == "against"


def _everywhere(report: Mapping[str, Any], head: str, tail: str, value: Any) -> Iterator[tuple[str, Any]]:
    for at in range(items_at(report, head)):
        yield from _targets(report, f"{head}/{at}/{tail}", value)


def _meant(to: str, pointer: str) -> bool:
    pattern = re.escape(to).replace(r"\*", r"\d+")
    return re.match(rf"^{pattern}(/|$)", pointer) is not None or to.startswith(f"{pointer}/")


def _discarded(profile: Profile, native: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of what was dropped; one that is no plain name is shown as `?`, because it may be someone's data."""
    taken = {top_level_name(rule.for_each or source.text) for rule in profile.fields for source in rule.sources}
    in_words = (rule for rule in profile.fields if _IN_WORDS.match(rule.to) and not rule.for_each)
    taken |= {top_level_other(source.text) for rule in in_words for source in rule.sources} - profile.discard
    dropped = {name for name in native if name not in taken}
    return tuple(sorted({name if _PLAIN_NAME.match(name) else "?" for name in dropped}))
