"""The data class that every field carries: who may see it, and where it may be in clear.

`public` and `internal` may be in events and logs; `sensitive` only sealed, in one service's own store;
`sealed` is ciphertext for one named recipient and may be sent, but its carrier cannot read it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache, cached_property
from typing import Any

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, pre_load, validate


class DataClass(StrEnum):
    """How carefully a field is handled."""

    PUBLIC = "public"
    INTERNAL = "internal"
    SENSITIVE = "sensitive"
    SEALED = "sealed"


PUBLIC: dict[str, Any] = {"class": DataClass.PUBLIC}
INTERNAL: dict[str, Any] = {"class": DataClass.INTERNAL}
SENSITIVE: dict[str, Any] = {"class": DataClass.SENSITIVE}
SEALED: dict[str, Any] = {"class": DataClass.SEALED}


EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
LATEST = datetime(9000, 1, 1, tzinfo=UTC)
AHEAD = timedelta(days=30 * 365)


class Pattern(validate.Regexp):
    """A text that matches as a whole: Python's `$` alone lets a line feed follow."""

    def __call__(self, value: Any) -> Any:
        """Check a value. Raises ValidationError."""
        if not re.fullmatch(str(self.regex.pattern), value, self.regex.flags):
            raise ValidationError(self._format_error(value))
        return value


class _LengthFirst(fields.String):
    """What is too long is not compared with a pattern as well: that would cost, and name one fault twice."""

    def _validate(self, value: Any) -> None:
        for each in self.validators:
            if isinstance(each, validate.Length):
                each(value)
        super()._validate(value)


class Text(_LengthFirst):
    """A text with a bound and a pattern."""


class Email(_LengthFirst, fields.Email):
    """An e-mail address with a bound."""


class Url(_LengthFirst, fields.Url):
    """An address of the web with a bound."""


class Moment(fields.AwareDateTime):
    """A moment from 1900 to thirty years from now: at the edges of the calendar another time zone, or a sum, is no date any more.

    `lasting` is for the end of what was granted, in events: an earlier version let it lie further ahead.
    """

    def __init__(self, *, lasting: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._lasting = lasting

    def _deserialize(self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any) -> datetime:
        return self.within_bounds(super()._deserialize(value, attr, data, **kwargs))

    def within_bounds(self, moment: datetime) -> datetime:
        """Return the moment. Raises ValidationError for one that is out of bounds."""
        latest = LATEST if self._lasting else datetime.now(UTC) + AHEAD
        if not EARLIEST < moment < latest:
            raise ValidationError("range|Must lie between 1900 and thirty years from now.")
        return moment


class _Bounded(Schema):
    """Reads of a list no more than one member beyond what it may hold: enough to refuse its length."""

    @pre_load
    def cut_lists(self, data: Any, **_: object) -> Any:
        """Cut what would be refused anyway, so that it costs nothing."""
        if not isinstance(data, Mapping):
            return data
        long = {name: most for name, most in self._bounds.items() if isinstance(data.get(name), list) and len(data[name]) > most}
        return {**data, **{name: data[name][: most + 1] for name, most in long.items()}} if long else data

    @cached_property
    def _bounds(self) -> dict[str, int]:
        """Return how many members each list may hold."""
        return {name: most for name, field in self.fields.items() if (most := most_members(field)) is not None}


def most_members(field: fields.Field[Any]) -> int | None:
    """Return how many members a list may hold; None for one without a bound, and for a field that is no list."""
    if not isinstance(field, fields.List):
        return None
    return next((each.max for each in field.validators if isinstance(each, validate.Length) and each.max is not None), None)


class Tolerant(_Bounded):
    """For events: a consumer ignores fields it does not know, so that an owner may add some."""

    class Meta:
        """Unknown fields are left out."""

        unknown = EXCLUDE


class Unbounded(Schema):
    """For events none of whose lists has a bound: as `Tolerant`, without the search for what to cut."""

    class Meta:
        """Unknown fields are left out."""

        unknown = EXCLUDE


class Strict(_Bounded):
    """For intake: an unknown field is refused, because it may be a person's data in the wrong place."""

    class Meta:
        """Unknown fields are errors."""

        unknown = RAISE


@cache
def instance_of(schema: type[Schema]) -> Schema:
    """Return the one instance of a schema: making an instance takes three times as long as loading a report."""
    return schema()
