"""Turn a source's own native body into the canonical report, field by field, by a profile that operators write.

A field names JMESPath expressions (jmespath.org) and the JSON pointer it fills. What no field takes is dropped and its name kept,
so that an operator sees what a form asks in vain. A value that cannot be read costs that value alone: it is left out, and named
by a pointer into the native body, which its author knows.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from ngao.chassis.errors import InvalidInput
from ngao.contracts import FieldError
from services.intake.mapping.expressions import (
    EMPTY,
    ExpressionFailed,
    Item,
    evaluate,
    is_stated,
    items_of,
    native_pointer,
    other_words,
    top_level_other,
)
from services.intake.mapping.pointers import assign, items_at
from services.intake.mapping.profiles import SUBMISSION_TIME, Expression, FieldRule, Profile
from services.intake.mapping.readings import BLANK, Read, Reader, read
from services.intake.reports.model import LeftOut

FAILED = "format"
"""The code of a place that an expression reads and could not be evaluated with."""
_PLAIN_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_./-]{0,99}$")
_LONGEST_NAME = 200
_NOT_SAFE = "/contact_safety/may_contact"
# Where a form's "other, please specify" is answered in words: codes of what happened and of what is needed, nothing about who.
_IN_WORDS = re.compile(r"^/(violations/.*|needs|reporter/role)$")


class UnreadableReport(InvalidInput):
    """What makes a report one cannot be read: `reason` is a code, `left_out` names what was found broken."""

    def __init__(self, reason: str, left_out: Iterable[LeftOut] = ()) -> None:
        self.reason, self.left_out = reason, tuple(left_out)
        errors = [FieldError(error.field, error.code, "It cannot be read.") for error in self.left_out]
        super().__init__("What makes a report one cannot be read.", errors, slug=reason.replace("_", "-"))


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
        """Return the place in the native body of a pointer into the report; the whole body if no one place fits."""
        known = [origin for origin in self.origins if pointer == origin or pointer.startswith(f"{origin}/")]
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

    def note_failed(self, pointer: str, places: Iterable[str]) -> None:
        """Name the places whose expression could not be evaluated, as those of values that cannot be read."""
        for place in places:
            self.put(pointer, Read(codes=[FAILED]), place)

    def put(self, pointer: str, found: Read, origin: str) -> None:
        """Fill a pointer with what was read; name what was not."""
        self.leave_out(origin, found.codes)
        if any(code != BLANK for code in found.codes):
            self.unread.append(pointer)
        value = False if found.codes and pointer == _NOT_SAFE else found.value
        if value is None or value == []:
            return
        for to, item in _targets(self.report, pointer, value):
            assign(self.report, to, item)
            self.origins[to] = origin
            if found.precision:
                self.precisions[to] = found.precision


@dataclass(frozen=True)
class _Answer:
    """What a rule's expressions give: which one gave it, and which could not be evaluated although something was stated."""

    source: Expression
    value: Any = field(repr=False)
    failed: tuple[Expression, ...] = ()


def map_native(profile: Profile, body: Mapping[str, Any]) -> Mapped:
    """Apply a profile. Nothing is raised: what cannot be mapped is in `left_out`."""
    wrapper = next((name for name in profile.unwrap if isinstance(body.get(name), dict)), None)
    native = body[wrapper] if wrapper else body
    mapped = Mapped(profile, wrapper=f"/{wrapper}" if wrapper else "")
    for rule in profile.fields:
        _fill(mapped, rule, native)
    mapped.discarded = _discarded(profile, native)
    mapped.submitted_at = read(Reader("datetime", zone="UTC"), native.get(SUBMISSION_TIME)).value
    mapped.edit = _edit(mapped, native)
    return mapped


def _edit(mapped: Mapped, native: Mapping[str, Any]) -> str | None:
    edit = mapped.profile.edit
    if edit is None or _first(mapped, edit.replaces, native) is None:
        return None
    name = _first(mapped, edit.name, native)
    return str(name)[:_LONGEST_NAME] if name is not None else None


def _first(mapped: Mapped, sources: tuple[Expression, ...], native: Mapping[str, Any]) -> Any:
    answer = _answer(sources, native)
    for failed in answer.failed:
        mapped.leave_out(mapped.wrapper + native_pointer(failed.text), [FAILED])
    return answer.value


def _fill(mapped: Mapped, rule: FieldRule, native: Mapping[str, Any]) -> None:
    if rule.only_with and rule.only_with not in mapped.origins:
        return
    items = _items(mapped, rule, native) if "/*/" in rule.to else None
    if items is not None:
        _fill_each(mapped, rule, items)
        return
    answer = _answer(rule.sources, native, rule.default)
    mapped.note_failed(rule.to, [mapped.wrapper + rule.place(error) for error in answer.failed])
    mapped.put(rule.to, read(rule.reading(answer.source), answer.value), mapped.wrapper + rule.place(answer.source))
    _take_words(mapped, rule, native)


def _fill_each(mapped: Mapped, rule: FieldRule, items: list[Item]) -> None:
    """Fill what one list's items give: item by item, so that what is reported of one act stays with that act."""
    head, _, tail = rule.to.partition("/*/")
    groups = mapped.groups.get(head) or [[at] for at in range(items_at(mapped.report, head))]
    made: list[list[int]] = []
    for at, item in enumerate(items):
        answer, place = _answer_in(rule, item)
        mapped.note_failed(rule.to, [mapped.wrapper + rule.place_in(item, error) for error in answer.failed])
        origin, found = mapped.wrapper + place, read(rule.reading(answer.source), answer.value)
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
    for index, item in zip(places, values, strict=True):
        mapped.put(f"{head}/{index}/{tail}", Read(item, precision=found.precision), origin)
    return places


def _answer(sources: tuple[Expression, ...], native: Any, default: str | None = None) -> _Answer:
    """Return the first value of the expressions. The default applies where no value was stated, not where it was lost."""
    failed: list[Expression] = []
    for source in sources:
        try:
            value = evaluate(source.text, native)
        except ExpressionFailed:
            failed += [source] if is_stated(source.text, native) else []
            continue
        if value not in EMPTY:
            return _Answer(source, value, tuple(failed))
    return _Answer(sources[0], None if failed else default, tuple(failed))


def _answer_in(rule: FieldRule, item: Item) -> tuple[_Answer, str]:
    """Return the same in one item of a repeat group, and the place in the native body."""
    if rule.for_each:
        answer = _answer(rule.sources, item.native, rule.default)
        return answer, rule.place_in(item, answer.source)
    source, is_empty = rule.sources[0], item.value in EMPTY
    failed = (source,) if item.failed else ()
    return _Answer(source, rule.default if is_empty and not failed else item.value, failed), item.place


def _items(mapped: Mapped, rule: FieldRule, native: Mapping[str, Any]) -> list[Item] | None:
    """Return the items of a repeat group that a rule is read in, or None where its values are no items of one."""
    if rule.for_each:
        try:
            return items_of(rule.for_each, native)
        except ExpressionFailed:
            mapped.note_failed(rule.to, [mapped.wrapper + native_pointer(rule.for_each)])
            return []
    for source in rule.sources:
        with suppress(ExpressionFailed):  # it is named when it is evaluated as a value
            items = items_of(source.text, native)
            if items is not None and any(item.failed or item.value not in EMPTY for item in items):
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
    """Return which pointers get which values: `*` is each item, of the value if it is a list, else of the report's list.

    Several values for a place in a list that is written with its number take the places after it as well.
    """
    numbered = re.match(r"^(.*)/(\d+)(/.*)$", to) if isinstance(value, list) and "/*/" not in to else None
    if numbered and "/perpetrators/" in to:
        head, first, tail = numbered.groups()
        return [(f"{head}/{int(first) + at}{tail}", item) for at, item in enumerate(value)]
    if "/*/" not in to:
        return [(to, value)]
    head, _, tail = to.partition("/*/")
    if isinstance(value, list) and not _is_of_each(tail):
        return [(f"{head}/{at}/{tail}", item) for at, item in enumerate(value)]
    return [target for at in range(items_at(report, head)) for target in _targets(report, f"{head}/{at}/{tail}", value)]


def _is_of_each(tail: str) -> bool:
    """Return True for a field that each act has a list of: several values belong to that act, not one to each act."""
    return tail.startswith("perpetrators/") or tail == "against"


def _meant(to: str, pointer: str) -> bool:
    pattern = re.escape(to).replace(r"\*", r"\d+")
    return re.match(rf"^{pattern}(/|$)", pointer) is not None or to.startswith(f"{pointer}/")


def _discarded(profile: Profile, native: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of what was dropped; one that is no plain name is shown as `?`, because it may be someone's data."""
    taken = {name for rule in profile.fields for name in rule.names()}
    in_words = (rule for rule in profile.fields if _IN_WORDS.match(rule.to) and not rule.for_each)
    taken |= {top_level_other(source.text) for rule in in_words for source in rule.sources} - profile.discard
    dropped = {name for name in native if name not in taken}
    return tuple(sorted({name if _PLAIN_NAME.match(name) else "?" for name in dropped}))
