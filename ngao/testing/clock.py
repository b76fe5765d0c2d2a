"""A clock that a test controls, so that deadlines, leases and retention need no waiting."""

from __future__ import annotations

from datetime import datetime, timedelta


class ManualClock:
    """A clock that a test moves by hand."""

    def __init__(self, start: datetime) -> None:
        self._now = start

    def now(self) -> datetime:
        """Return the moment it was last set to."""
        return self._now

    def advance(self, by: timedelta) -> None:
        """Move the clock forward."""
        self._now += by

    def set(self, moment: datetime) -> None:
        """Set it, forward or back."""
        self._now = moment
