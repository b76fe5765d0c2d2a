"""How long what a report told is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

MOMENTS = ("closed", "withdrawn", "received")


@dataclass(frozen=True)
class Keeping:
    """For how many days from each moment, as one version of the coalition's rules says it."""

    days: Mapping[str, int]
    version: str

    def ends(self, now: datetime) -> dict[str, datetime]:
        """For each moment: a report for which it came no later than this is due."""
        return {moment: now - timedelta(days=self.days[moment]) for moment in MOMENTS}
