"""Decide what an offer shows before a partner has accepted: enough to decide, by the kind of support; the rest later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from services.referral.cases.facts import Report


class ShownPlace(StrEnum):
    """How much of the place an offer shows."""

    NOTHING = "nothing"
    REGION = "region"
    COUNTY = "county"


@dataclass(frozen=True)
class Shows:
    """What offers of one kind of support show."""

    place: ShownPlace = ShownPlace.NOTHING
    languages: bool = False


@dataclass(frozen=True)
class Glimpse:
    """What one offer shows of a report."""

    county: str = ""
    region: str = ""
    languages: tuple[str, ...] = ()


@dataclass(frozen=True)
class Showing:
    """The coalition's rules: by support type, else the default; `regions` names the region of each county."""

    default: Shows = Shows()
    by_support: Mapping[str, Shows] = field(default_factory=dict)
    regions: Mapping[str, str] = field(default_factory=dict)

    def glimpse(self, need: str, report: Report | None) -> Glimpse:
        """Return what an offer of this need shows."""
        shows = self.by_support.get(need, self.default)
        if report is None:
            return Glimpse()
        return Glimpse(
            county=report.county if shows.place is ShownPlace.COUNTY else "",
            region=self.regions.get(report.county, "") if shows.place is not ShownPlace.NOTHING else "",
            languages=report.languages if shows.languages else (),
        )
