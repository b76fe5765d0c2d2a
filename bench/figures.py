"""The absolute figures of a run by contender, and what has changed since the run that was recorded before."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.numbers import Spread
from bench.verdicts import values, verdicts

SAYS = {"ngao": "Ngao", "f1": "F1 serial floor", "f3": "F3 durable hops", "p1": "P1 plain nameko"}
RATES = {"b3_20": "20/s", "b3_40": "40/s", "b3_half": "half of Ngao's peak", "b2": "the peak"}
"""The scenario in which reports come at each rate."""
_MS = 1000
SPEEDS: dict[str, tuple[str, str, float]] = {
    "post alone, ms": ("b1", "p50_alone", _MS), "post of one client, ms": ("b1", "p50_1", _MS),
    "accepted/s, 1 client": ("b1", "rate_1", 1), "accepted/s, 32 clients": ("b1", "rate_32", 1),
    "end to end/s": ("b2", "rate", 1),
    **{f"{share} at {RATES[each]}, ms": (each, share, _MS) for each in ("b3_20", "b3_40", "b3_half") for share in ("p50", "p99")},
}  # fmt: skip
"""Each figure of speed: its scenario, its name there, its unit."""
COSTS = {"all": "processor ms", "commands": "database commands", "switches": "context switches"}
_ROUNDS_FOR_NOISE = 3


@dataclass(frozen=True)
class Change:
    """A figure of two runs."""

    what: str
    before: Spread
    now: Spread

    @property
    def is_beyond_noise(self) -> bool:
        """Return True if the median of each run lies outside the rounds of the other."""
        return not (self._within(self.now.median, self.before) or self._within(self.before.median, self.now))

    @property
    def times(self) -> float:
        """Return the new median divided by the old one."""
        return self.now.median / self.before.median if self.before.median else float("inf")

    @staticmethod
    def _within(median: float, spread: Spread) -> bool:
        return spread.low <= median <= spread.high


def figures(results: dict[str, Any]) -> Iterator[tuple[str, Spread]]:
    """Yield each figure with enough rounds to know its noise: those with a bar, then speed and cost by contender."""
    found = [(f"{each.scenario} {each.what}", each.values) for each in verdicts(results)]
    for name, says in SAYS.items():
        found += [(f"{says}: {what}", speed(results, name, what)) for what in SPEEDS]
        for scenario, rate in RATES.items():
            found += [
                (f"{says}: {what} a report at {rate}", values(results, scenario, name, "cost", each))
                for each, what in COSTS.items()
            ]
    return ((what, Spread.of(rounds)) for what, rounds in found if len(rounds) >= _ROUNDS_FOR_NOISE)


def speed(results: dict[str, Any], name: str, what: str) -> tuple[float, ...]:
    """Return a contender's figure of each round, in the unit that its name says."""
    scenario, key, unit = SPEEDS[what]
    return tuple(unit * each for each in values(results, scenario, name, key))


def changes(before: dict[str, Any], now: dict[str, Any]) -> list[Change]:
    """Return all figures that both runs have."""
    old = dict(figures(before))
    return [Change(what, old[what], spread) for what, spread in figures(now) if what in old]


def recorded(folder: Path) -> dict[str, Any]:
    """Return the last recorded run; an empty one when there is none."""
    file = folder / "results.json"
    return dict(json.loads(file.read_text("utf-8"))) if file.exists() else {}


def put_aside(folder: Path, run: dict[str, Any]) -> None:
    """Keep the recorded run beside the next one, under its day and commit."""
    if run:
        (folder / "results.json").rename(folder / f"{run['machine']['at'][:10]}-{run['machine']['commit']}.json")
