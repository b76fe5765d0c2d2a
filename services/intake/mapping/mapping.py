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
from services.intake.mapping.bounds import is_bound
from services.intake.mapping.expressions import (
    EMPTY,
    ExpressionFailed,
    Item,
    evaluate,
    is_misshapen,
    is_stated,
    items_of,
    native_pointer,
    other_words,
    top_level_other,
)
from services.intake.mapping.pointers import assign, items_at
from services.intake.mapping.profiles import SUBMISSION_TIME, Expression, FieldRule, Profile
from services.intake.mapping.readings import BLANK, Read, ValueReader, read
from services.intake.reports.model import LeftOut

FAILED = "format"
"""The code of what an expression reads and could not be evaluated with."""
_PLAIN_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_./-]{0,99}$")
_ALONE = "required"
"""The code of a condition in a repeat group whose item lacks what the condition is about."""
_LONGEST_NAME = 200
_MAY_CONTACT = "/contact_safety/may_contact"
# Where a form's "other, please specify" is answered in words: codes of what happened and of what is needed, nothing about who.
_IN_WORDS = re.compile(r"^/(violations/.*|needs|reporter/role)$")


class UnreadableReport(InvalidInput):
    """What makes a report one cannot be read: `reason` is a code, `left_out` names what was found broken."""

    def __init__(self, reason: str, left_out: Iterable[LeftOut] = ()) -> None:
        self.reason, self.left_out = reason, tuple(left_out)
        errors = [FieldError(error.field, error.code, "It cannot be read.") for error in self.left_out]
        super().__init__("What makes a report one cannot be read.", errors, slug=reason.replace("_", "-"))


class RefusedForm(UnreadableReport):
    """A form that can be read and is not accepted, because of the report that it names: that was withdrawn, for example."""


@dataclass
class Mapped:
    """What a profile made of a native body.

    `origins` is for each filled pointer the one into the native body from which its value came, `precisions` how exactly a date
    there is written; `words` are answers in words to "other, please specify"; `unread` are the pointers for which something was
    stated that cannot be read. `groups` is for the pointer to a list, item by item of the repeat group that fills it, which of
    its numbers the item has filled. `submitted_at` is when the form reached its server, if the body bears it; `edit` is the name
    of an edited version.
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
        """Return the pointer into the native body for one into the report; that of the whole body if no other fits."""
        known = [origin for origin in self.origins if pointer == origin or pointer.startswith(f"{origin}/")]
        if known:
            return self.origins[max(known, key=len)]
        asked = (each.origin(each.expressions[0]) for each in self.profile.fields if _meant(each.to, pointer))
        return next((self.wrapper + origin for origin in asked), "")

    def leave_out(self, origin: str, codes: Iterable[str]) -> None:
        """Name a part of the native body of which something could not be read, once for each code."""
        for code in codes:
            named = LeftOut(origin, code)
            if named not in self.left_out:
                self.left_out.append(named)

    def note_failed(self, pointer: str, origins: Iterable[str]) -> None:
        """Name what an expression reads and could not be evaluated with, as if its value could not be read."""
        for origin in origins:
            self.put(pointer, Read(codes=[FAILED]), origin)

    def note_unread(self, pointer: str, codes: Iterable[str], origin: str) -> None:
        """Name what could not be read for a pointer; white space is nothing that was stated."""
        self.leave_out(origin, codes)
        if any(code != BLANK for code in codes):
            self.unread.append(pointer)

    def put(self, pointer: str, found: Read, origin: str) -> None:
        """Fill a pointer with what was read; name what was not."""
        self.note_unread(pointer, found.codes, origin)
        value = False if found.codes and pointer == _MAY_CONTACT else found.value
        if value is None or value == []:
            return
        for to, item in _targets(self.report, pointer, value):
            assign(self.report, to, item)
            self.origins[to] = origin
            if found.precision:
                self.precisions[to] = found.precision


@dataclass(frozen=True)
class _Given:
    """What a rule's expressions give: which one gave it, and which could not be evaluated although something was stated."""

    expression: Expression
    value: Any = field(repr=False)
    failed: tuple[Expression, ...] = ()


def map_native(profile: Profile, body: Mapping[str, Any]) -> Mapped:
    """Apply a profile. Nothing is raised: what cannot be mapped is in `left_out`."""
    wrapper = next((name for name in profile.unwrap if isinstance(body.get(name), dict)), None)
    native = body[wrapper] if wrapper else body
    mapped = Mapped(profile, wrapper=f"/{wrapper}" if wrapper else "")
    early = [rule for rule in profile.fields if not _fill(mapped, rule, native)]
    for rule in early:  # what it is filled `with` may be in a later line
        _fill(mapped, rule, native)
    mapped.discarded = _discarded(profile, native)
    mapped.submitted_at = read(ValueReader("datetime", zone="UTC"), native.get(SUBMISSION_TIME)).value
    mapped.edit = _edit(mapped, native)
    return mapped


def _edit(mapped: Mapped, native: Mapping[str, Any]) -> str | None:
    edit = mapped.profile.edit
    if edit is None or _first(mapped, edit.replaces, native) is None:
        return None
    name = _first(mapped, edit.name, native)
    return str(name)[:_LONGEST_NAME] if name is not None else None


def _first(mapped: Mapped, expressions: tuple[Expression, ...], native: Mapping[str, Any]) -> Any:
    given = _given(expressions, native)
    for failed in given.failed:
        mapped.leave_out(mapped.wrapper + native_pointer(failed.text), [FAILED])
    return given.value


def _fill(mapped: Mapped, rule: FieldRule, native: Mapping[str, Any]) -> bool:
    """Fill what one line fills. Returns False if what it is filled `with` is not there."""
    if rule.only_with and rule.only_with not in mapped.origins:
        return False
    items = _items(mapped, rule, native) if "/*/" in rule.to else None
    if items is not None:
        _fill_each(mapped, rule, items)
        return True
    given = _given(rule.expressions, native, rule.default, bounds=is_bound(rule.to))
    mapped.note_failed(rule.to, [mapped.wrapper + rule.origin(failed) for failed in given.failed])
    found = read(rule.reader_of(given.expression), given.value)
    mapped.put(rule.to, found, mapped.wrapper + rule.origin(given.expression))
    _add_words(mapped, rule, native)
    return True


def _fill_each(mapped: Mapped, rule: FieldRule, items: list[Item]) -> None:
    """Fill what one list's items give: item by item, so that what is reported of one act stays with that act."""
    head, _, tail = rule.to.partition("/*/")
    groups = mapped.groups.get(head) or [[at] for at in range(items_at(mapped.report, head))]
    made: list[list[int]] = []
    for at, item in enumerate(items):
        given, native_origin = _given_in(rule, item)
        mapped.note_failed(rule.to, [mapped.wrapper + rule.origin_in(item, failed) for failed in given.failed])
        origin, found = mapped.wrapper + native_origin, read(rule.reader_of(given.expression), given.value)
        if groups:
            numbers = groups[at] if at < len(groups) else []
            for index in numbers:
                mapped.put(f"{head}/{index}/{tail}", found, origin)
            if not numbers and is_bound(rule.to) and (found.codes or given.value not in (None, rule.default)):
                mapped.note_unread(rule.to, found.codes or [_ALONE], origin)
        else:
            made.append(_begin(mapped, (head, sum(map(len, made)), tail), found, origin))
        _add_words(mapped, rule, item.native)
    mapped.groups[head] = groups or made


def _begin(mapped: Mapped, to: tuple[str, int, str], found: Read, origin: str) -> list[int]:
    """Make what one item of a repeat group reports, one or several where a question has several. Returns their numbers."""
    (head, start, tail), value = to, found.value
    values = value if isinstance(value, list) and not _is_of_each(tail) else [] if value is None else [value]
    mapped.note_unread(f"{head}/*/{tail}", found.codes, origin)
    numbers = list(range(start, start + len(values)))
    for index, item in zip(numbers, values, strict=True):
        mapped.put(f"{head}/{index}/{tail}", Read(item, precision=found.precision), origin)
    return numbers


def _given(expressions: tuple[Expression, ...], native: Any, default: str | None = None, *, bounds: bool = False) -> _Given:
    """Return the first value of the expressions. The default applies where no value was stated, not where it was lost.

    If the field `bounds` what a person allows, something of another shape than an expression is written for is lost as well.
    """
    failed: list[Expression] = []
    for expression in expressions:
        try:
            value = evaluate(expression.text, native)
        except ExpressionFailed:
            failed += [expression] if is_stated(expression.text, native) else []
            continue
        if value not in EMPTY:
            return _Given(expression, value, tuple(failed))
    failed += [each for each in expressions if bounds and each not in failed and is_misshapen(each.text, native)]
    return _Given(expressions[0], None if failed else default, tuple(failed))


def _given_in(rule: FieldRule, item: Item) -> tuple[_Given, str]:
    """Return the same in one item of a repeat group, and the pointer into the native body."""
    if rule.for_each:
        given = _given(rule.expressions, item.native, rule.default, bounds=is_bound(rule.to))
        return given, rule.origin_in(item, given.expression)
    expression, is_empty = rule.expressions[0], item.value in EMPTY
    failed = (expression,) if item.failed or (item.misshapen and is_bound(rule.to)) else ()
    return _Given(expression, rule.default if is_empty and not failed else item.value, failed), item.origin


def _items(mapped: Mapped, rule: FieldRule, native: Mapping[str, Any]) -> list[Item] | None:
    """Return the items of a repeat group that a rule is read in, or None where its values are no items of one."""
    if rule.for_each:
        with suppress(ExpressionFailed):
            items = items_of(rule.for_each, native)
            if items is not None or evaluate(rule.for_each, native) in EMPTY:
                return items
        mapped.note_failed(rule.to, [mapped.wrapper + native_pointer(rule.for_each)])
        return []
    for expression in rule.expressions:
        with suppress(ExpressionFailed):  # it is named when it is evaluated as a value
            items = items_of(expression.text, native)
            if items is not None and any(item.failed or item.value not in EMPTY for item in items):
                return items
    return None


def _add_words(mapped: Mapped, rule: FieldRule, native: Any) -> None:
    if not _IN_WORDS.match(rule.to) or not isinstance(native, Mapping):
        return
    for expression in rule.expressions:
        name, words = other_words(expression.text, native)
        if words and name not in mapped.profile.discard and f"{name}: {words}" not in mapped.words:
            mapped.words.append(f"{name}: {words}")


def _targets(report: Mapping[str, Any], to: str, value: Any) -> Iterable[tuple[str, Any]]:
    """Return which pointers get which values: `*` is each item, of the value if it is a list, else of the report's list.

    Several values for a numbered item of a list fill the items after it as well.
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
    mapped = {name for rule in profile.fields for name in rule.names()}
    in_words = (rule for rule in profile.fields if _IN_WORDS.match(rule.to) and not rule.for_each)
    mapped |= {top_level_other(expression.text) for rule in in_words for expression in rule.expressions} - profile.discard
    dropped = {name for name in native if name not in mapped}
    return tuple(sorted({name if _PLAIN_NAME.fullmatch(name) else "?" for name in dropped}))
