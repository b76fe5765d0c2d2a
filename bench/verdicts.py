"""The bars of PROOF.md beside what was measured."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from bench.numbers import Spread

Path = tuple[str, ...]
"""Where a round keeps a number: scenario, contender, name."""
_SOUND_FLOOR = 0.25


@dataclass(frozen=True)
class Bar:
    """What must be reached, and what is aimed at. `least` says on which side of them a figure should be."""

    must: float
    aim: float
    least: bool = False

    def is_met(self, value: float) -> bool:
        """Return True if the value is on the right side of `must`."""
        return value >= self.must if self.least else value <= self.must

    def is_reached(self, value: float) -> bool:
        """Return True if the value is on the right side of `aim`."""
        return value >= self.aim if self.least else value <= self.aim

    @property
    def sign(self) -> str:
        """`≥` or `≤`."""
        return "≥" if self.least else "≤"


@dataclass(frozen=True)
class Verdict:
    """One bar, and the figure of each round."""

    scenario: str
    what: str
    bar: Bar
    values: tuple[float, ...]

    @property
    def spread(self) -> Spread:
        """The median is judged."""
        return Spread.of(self.values)

    @property
    def is_met(self) -> bool:
        """By the median."""
        return self.bar.is_met(self.spread.median)

    def as_dict(self) -> dict[str, Any]:
        """Return the verdict for the JSON file."""
        return {**asdict(self), "spread": asdict(self.spread), "met": self.is_met}


_RATIOS: tuple[tuple[str, str, Path, Path, Bar], ...] = (
    ("B1a", "post alone / F1 alone", ("b1", "ngao", "p50_alone"), ("b1", "f1", "p50_alone"), Bar(2, 1.5)),
    ("B1b", "post of one client / P1", ("b1", "ngao", "p50_1"), ("b1", "p1", "p50_1"), Bar(1, 0.7)),
    ("B1c", "accepted, 32 clients / P1", ("b1", "ngao", "rate_32"), ("b1", "p1", "rate_32"), Bar(1.5, 2.5, least=True)),
    ("B1c", "accepted, 32 clients / F1", ("b1", "ngao", "rate_32"), ("b1", "f1", "rate_1"), Bar(0.5, 0.8, least=True)),
    ("B2", "end to end / F3", ("b2", "ngao", "rate"), ("b2", "f3", "rate"), Bar(0.25, 0.5, least=True)),
    ("B2", "end to end / P1", ("b2", "ngao", "rate"), ("b2", "p1", "rate"), Bar(1.3, 2, least=True)),
    ("B3", "p50 at 20/s / F3", ("b3_20", "ngao", "p50"), ("b3_20", "f3", "p50"), Bar(3, 2)),
    ("B3", "p99 at 20/s / F3", ("b3_20", "ngao", "p99"), ("b3_20", "f3", "p99"), Bar(4, 2.5)),
    ("B3", "p50 at half of the own peak / F3", ("b3_half", "ngao", "p50"), ("b3_half", "f3", "p50"), Bar(3, 2)),
    ("B3", "p99 at half of the own peak / F3", ("b3_half", "ngao", "p99"), ("b3_half", "f3", "p99"), Bar(4, 2.5)),
    ("B11", "processor a report at 20/s / P1", ("b3_20", "ngao", "cost", "all"), ("b3_20", "p1", "cost", "all"), Bar(1.5, 1)),
    ("B11", "processor a report at the peak / P1", ("b2", "ngao", "cost", "all"), ("b2", "p1", "cost", "all"), Bar(0.8, 0.5)),
    ("B12", "database commands a report at 20/s", ("b3_20", "ngao", "cost", "commands"), (), Bar(20, 12)),
    (
        "B12", "context switches a report at 20/s / P1", ("b3_20", "ngao", "cost", "switches"),
        ("b3_20", "p1", "cost", "switches"), Bar(1.5, 1),
    ),
)  # fmt: skip
"""A scenario, what is judged, the path of the figure, the path of what it is divided by (none: by nothing), its bar."""


def verdicts(results: dict[str, Any]) -> list[Verdict]:
    """Return the verdict on each bar whose figures were measured."""
    measured = [Verdict(scenario, what, bar, _ratios(results, above, below)) for scenario, what, above, below, bar in _RATIOS]
    made = [each for each in measured if each.values]
    made += _growth("B5", "cost of an outbox entry", results.get("b5", []), Bar(1.2, 1.05))
    made += _growth("B6", "cost of a match", results.get("b6", []), Bar(1.5, 1.2))
    for what in ("repeat", "reference", "inbox"):
        rows = [{size: one[what] for size, one in each.items()} for each in results.get("b7", [])]
        made += _growth("B7", f"{what} check", rows, Bar(1.2, 1.1))
    for name, one in results.get("b10", {}).items():
        seconds = one["back_after_s"] if one["back_after_s"] is not None else float("inf")
        made.append(Verdict("B10", f"seconds to usual latency after {name} is back", Bar(10, 5), (seconds,)))
    return made


def rounds_of(results: dict[str, Any], path: Path) -> Iterator[float | None]:
    """Yield the number that each round has at this path, or None."""
    for each in results.get("rounds", []):
        found: Any = each
        for name in path:
            found = found.get(name, {}) if isinstance(found, dict) else {}
        yield float(found) if isinstance(found, int | float) else None


def values(results: dict[str, Any], *path: str) -> tuple[float, ...]:
    """Return the number of each round that has one at this path."""
    return tuple(each for each in rounds_of(results, path) if each is not None)


def floor_spread(results: dict[str, Any]) -> float:
    """Return the spread of the floor's own rounds as a share of their median. Above a quarter, the machine was not quiet."""
    rates = values(results, "b1", "f1", "rate_1")
    spread = Spread.of(rates) if rates else Spread(1, 1, 1, 0)
    return (spread.high - spread.low) / spread.median


def never_arrived(measured: Any) -> int:
    """Return the number of accepted reports, of all contenders, without an offer after forty seconds."""
    if isinstance(measured, list):
        return sum(map(never_arrived, measured))
    if not isinstance(measured, dict):
        return 0
    return sum(int(value) if name.startswith("missing") else never_arrived(value) for name, value in measured.items())


def is_quiet(results: dict[str, Any]) -> bool:
    """Return True if the machine was quiet, so that the numbers are valid."""
    return floor_spread(results) <= _SOUND_FLOOR


def _ratios(results: dict[str, Any], above: Path, below: Path) -> tuple[float, ...]:
    if not below:
        return values(results, *above)
    pairs = zip(rounds_of(results, above), rounds_of(results, below), strict=True)
    return tuple(one / other for one, other in pairs if one is not None and other is not None)


def _growth(scenario: str, what: str, rounds: list[dict[str, float]], bar: Bar) -> list[Verdict]:
    """Judge the growth from each size to the next ten times as large, within each round that has both."""
    sizes = list(rounds[0]) if rounds else []
    made = []
    for small, large in pairwise(sizes):
        ratios = tuple(each[large] / each[small] for each in rounds if large in each)
        made.append(Verdict(scenario, f"{what}, {int(small):,} to {int(large):,}", bar, ratios))
    return made
