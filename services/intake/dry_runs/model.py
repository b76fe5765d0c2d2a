"""How many dry runs about a person a source may ask for: a source that asks and does not report is looking people up."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class Asked:
    """The dry runs about a person that a source has asked for, this one included: in this hour, and on this day (UTC)."""

    in_hour: int
    in_day: int


@dataclass(frozen=True)
class DryRunBounds:
    """How many are answered."""

    per_hour: int = 60
    per_day: int = 300

    def wait(self, asked: Asked, now: datetime) -> timedelta | None:
        """How long the source has to wait for an answer; None when it gets one immediately."""
        if asked.in_day > self.per_day:
            return _rest_of(_DAY, now)
        return _rest_of(_HOUR, now) if asked.in_hour > self.per_hour else None

    def is_first_over(self, asked: Asked) -> bool:
        """Whether this is the first one in its hour, or on its day, that is not answered."""
        return asked.in_day == self.per_day + 1 or (asked.in_hour == self.per_hour + 1 and asked.in_day <= self.per_day)


def _rest_of(span: timedelta, now: datetime) -> timedelta:
    """How much is left of the hour or day that a moment lies in."""
    return span - (now - datetime.min.replace(tzinfo=UTC)) % span
