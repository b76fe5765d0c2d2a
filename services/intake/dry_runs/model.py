"""Limits on dry runs about a person: a source that only validates and never reports is looking people up."""

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
    """How many dry runs about a person one source gets an answer to, per hour and per day (UTC)."""

    per_hour: int = 60
    per_day: int = 300

    def wait(self, asked: Asked, now: datetime) -> timedelta | None:
        """Return how long the source has to wait for an answer, or None when it gets one immediately."""
        if asked.in_day > self.per_day:
            return _rest_of(_DAY, now)
        return _rest_of(_HOUR, now) if asked.in_hour > self.per_hour else None

    def is_first_over(self, asked: Asked) -> bool:
        """Return True if this is the first refused one in its hour, or on its day."""
        return asked.in_day == self.per_day + 1 or (asked.in_hour == self.per_hour + 1 and asked.in_day <= self.per_day)


def _rest_of(span: timedelta, now: datetime) -> timedelta:
    """Return how much is left of the hour or day that a moment lies in."""
    return span - (now - datetime.min.replace(tzinfo=UTC)) % span
