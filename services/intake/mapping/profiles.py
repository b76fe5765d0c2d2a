"""Profiles: how operators write which native values fill which fields of the canonical report."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from services.intake.mapping.expressions import Item, native_pointer, top_level_names
from services.intake.mapping.readings import ValueReader

# KoboToolbox, ONA and ODK write it in UTC and without an offset, whatever zone the form's own questions are in.
SUBMISSION_TIME = "_submission_time"


@dataclass(frozen=True)
class Expression:
    """One JMESPath expression; `zone` is that of a date which bears none itself, if it is not that of its field."""

    text: str
    zone: str = ""


@dataclass(frozen=True)
class FieldRule:
    """Which expressions fill which pointer, and how; `for_each` is the repeat group that they are read in, item by item."""

    to: str
    expressions: tuple[Expression, ...]
    reader: ValueReader = field(default_factory=ValueReader)
    default: str | None = None
    only_with: str | None = None
    for_each: str = ""

    def names(self) -> frozenset[str]:
        """Return the names at the top of the native body that are read."""
        read_there = [self.for_each] if self.for_each else [expression.text for expression in self.expressions]
        return frozenset().union(*map(top_level_names, read_there))

    def reader_of(self, expression: Expression) -> ValueReader:
        """Return how a value of one of its expressions is read."""
        zone = expression.zone or ("UTC" if expression.text == SUBMISSION_TIME else "")
        return replace(self.reader, zone=zone) if zone else self.reader

    def origin(self, expression: Expression) -> str:
        """Return the pointer into the native body of an expression."""
        return (native_pointer(self.for_each) if self.for_each else "") + native_pointer(expression.text)

    def origin_in(self, item: Item, expression: Expression) -> str:
        """Return the same in one item of a repeat group."""
        return item.origin + native_pointer(expression.text) if self.for_each else item.origin


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
