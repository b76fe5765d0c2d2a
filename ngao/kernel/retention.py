"""How long what is sensitive is kept: days from a moment, by rule, as one version of the coalition's file says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Retention:
    """One service's rules, each with its moments and days, and the version of the file that every decision records."""

    days: Mapping[str, Mapping[str, int]]
    version: str

    def before(self, rule: str, moment: str, now: datetime) -> datetime:
        """Return the latest beginning of what is due."""
        return now - timedelta(days=self.days[rule][moment])

    def ends(self, rule: str, now: datetime) -> dict[str, datetime]:
        """Return, for each moment of a rule, the latest beginning of what is due."""
        return {moment: self.before(rule, moment, now) for moment in self.days[rule]}
