"""Turn a source's own native body into the canonical report, field by field, by a profile that operators write.

A field names JMESPath expressions (jmespath.org) and the JSON pointer it fills. What no field takes is dropped and its name kept,
so that an operator sees what a form asks in vain. Errors are told by pointers into the native body, which its author knows.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError

from services.intake.application.pointers import assign, items_at, native_pointer, top_level_name
from services.intake.domain.problems import FieldProblem

_PLAIN_NAME = re.compile(r"^[A-Za-z_][A-Za-z0-9_./-]{0,99}$")
OTHERS = ("keep", "refuse", "drop")


class WrongShapeError(Exception):
    """A native value that cannot become what its field needs."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True)
class ValueMap:
    """Native values and ours; a value mapped to None is left out. `others` says what happens to a value that is not listed."""

    values: Mapping[str, str | None]
    others: str = "refuse"


@dataclass(frozen=True)
class FieldRule:
    """Which expressions fill which pointer, and how."""

    to: str
    sources: tuple[str, ...]
    kind: str = "text"
    value_map: ValueMap | None = None
    default: str | None = None
    strip_prefix: str = ""
    offset: str = "+00:00"
    only_with: str | None = None


@dataclass(frozen=True)
class Profile:
    """How one kind of native body is read."""

    name: str
    version: str
    fields: tuple[FieldRule, ...]
    unwrap: tuple[str, ...] = ()


@dataclass
class Mapped:
    """What a profile made of a native body. `origins` tells for each pointer filled where its value came from."""

    profile: Profile
    report: dict[str, Any] = field(default_factory=dict, repr=False)
    origins: dict[str, str] = field(default_factory=dict)
    problems: list[FieldProblem] = field(default_factory=list)
    discarded: tuple[str, ...] = ()
    wrapper: str = ""

    def native(self, pointer: str) -> str:
        """The place in the native body that a pointer into the report stands for; the whole body if no one place does."""
        known = [each for each in self.origins if pointer == each or pointer.startswith(f"{each}/")]
        if known:
            return self.origins[max(known, key=len)]
        asked = (each.sources[0] for each in self.profile.fields if _meant(each.to, pointer))
        return next((self.wrapper + native_pointer(source) for source in asked), "")


def map_native(profile: Profile, body: Mapping[str, Any]) -> Mapped:
    """Apply a profile. Nothing is raised: what cannot be mapped is in `problems`."""
    wrapper = next((name for name in profile.unwrap if isinstance(body.get(name), dict)), None)
    native = body[wrapper] if wrapper else body
    mapped = Mapped(profile, wrapper=f"/{wrapper}" if wrapper else "")
    for rule in profile.fields:
        _fill(mapped, rule, native)
    mapped.discarded = _discarded(profile, native)
    return mapped


def check_expression(expression: str) -> None:
    """Raise ValueError for an expression that is not JMESPath."""
    try:
        jmespath.compile(expression)
    except JMESPathError as error:
        raise ValueError(f"not a JMESPath expression: {type(error).__name__}") from None


def _fill(mapped: Mapped, rule: FieldRule, native: Mapping[str, Any]) -> None:
    if rule.only_with and rule.only_with not in mapped.origins:
        return
    value, place = _found(rule, native)
    origin = mapped.wrapper + place
    try:
        shaped = _shaped(rule, value)
    except WrongShapeError as wrong:
        mapped.problems.append(FieldProblem(origin, wrong.code, wrong.detail))
        return
    if shaped is None or shaped == []:
        return
    for pointer, each in _targets(mapped.report, rule.to, shaped):
        assign(mapped.report, pointer, each)
        mapped.origins[pointer] = origin


def _found(rule: FieldRule, native: Mapping[str, Any]) -> tuple[Any, str]:
    """The first expression that gives a value, and the pointer to it."""
    for source in rule.sources:
        value = jmespath.search(source, native)
        if value not in (None, "", [], {}):
            return value, native_pointer(source)
    return rule.default, native_pointer(rule.sources[0])


def _shaped(rule: FieldRule, value: Any) -> Any:
    if value is None:
        return None
    shaped = KINDS[rule.kind](rule, value)
    if rule.value_map is None:
        return shaped
    if isinstance(shaped, list):
        return [each for each in (_translated(rule.value_map, item) for item in shaped) if each is not None]
    return _translated(rule.value_map, shaped)


def _translated(value_map: ValueMap, value: Any) -> str | None:
    if value in value_map.values:
        return value_map.values[value]
    if value_map.others == "refuse":
        raise WrongShapeError("unmapped_value", "The mapping profile does not list this value.")
    return value if value_map.others == "keep" else None


def _text(rule: FieldRule, value: Any) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise WrongShapeError("wrong_type", "Must be text or a number.")
    return str(value).strip().removeprefix(rule.strip_prefix)


def _words(rule: FieldRule, value: Any) -> list[str]:
    items = value if isinstance(value, list) else _text(rule, value).split()
    return [_text(rule, item) for item in items]


def _phones(rule: FieldRule, value: Any) -> list[str]:
    """Whole texts, because a number may have spaces in it; which numbers a text holds is read where they are used."""
    return [_text(rule, item) for item in (value if isinstance(value, list) else [value])]


def _boolean(_rule: FieldRule, value: Any) -> bool:
    word = str(value).strip().lower()
    if word in ("true", "yes", "1", "ndiyo"):
        return True
    if word in ("false", "no", "0", "hapana"):
        return False
    raise WrongShapeError("wrong_type", "Must be yes or no.")


def _datetime(rule: FieldRule, value: Any) -> str:
    try:
        moment = datetime.fromisoformat(_text(rule, value))
    except ValueError:
        raise WrongShapeError("format", "Must be an ISO 8601 date or moment.") from None
    return moment.isoformat() if moment.tzinfo else moment.isoformat() + rule.offset


KINDS: Mapping[str, Callable[[FieldRule, Any], Any]] = {
    "text": _text, "words": _words, "phones": _phones, "boolean": _boolean, "datetime": _datetime
}


def _targets(report: Mapping[str, Any], to: str, value: Any) -> Iterable[tuple[str, Any]]:
    """Which pointers get which values: `*` stands for each item, of the value if it is a list, else of what is there."""
    if "/*/" not in to:
        return [(to, value)]
    head, _, tail = to.partition("/*/")
    if isinstance(value, list):
        return [(f"{head}/{at}/{tail}", each) for at, each in enumerate(value)]
    return [(f"{head}/{at}/{tail}", value) for at in range(items_at(report, head))]


def _meant(to: str, pointer: str) -> bool:
    pattern = re.escape(to).replace(r"\*", r"\d+")
    return re.match(rf"^{pattern}(/|$)", pointer) is not None or to.startswith(f"{pointer}/")


def _discarded(profile: Profile, native: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of what was dropped; one that is no plain name is shown as `?`, because it may be someone's data."""
    taken = {top_level_name(source) for rule in profile.fields for source in rule.sources}
    dropped = {name for name in native if name not in taken}
    return tuple(sorted({name if _PLAIN_NAME.match(name) else "?" for name in dropped}))
