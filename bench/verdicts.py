"""The bars of PROOF.md beside what was measured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Any

from bench.numbers import Spread

Rounds = Sequence[dict[str, Any]]
Find = Callable[[dict[str, Any]], float]
Pair = tuple[Find, Find]
_SOUND_FLOOR = 0.25


@dataclass(frozen=True)
class Verdict:
    """One bar. `spread` are the ratios of the rounds; `least` says on which side of `bar` they should be."""

    scenario: str
    what: str
    spread: Spread
    bar: float
    least: bool
    values: tuple[float, ...]

    @property
    def is_met(self) -> bool:
        """By the median."""
        return self.spread.median >= self.bar if self.least else self.spread.median <= self.bar

    @property
    def bar_text(self) -> str:
        """`≥ 3`."""
        return f"{'≥' if self.least else '≤'} {self.bar:g}"

    def as_dict(self) -> dict[str, Any]:
        """Return the verdict for the JSON file."""
        return {**asdict(self), "met": self.is_met}


def verdicts(results: dict[str, Any]) -> list[Verdict]:
    """Return the verdict on each bar whose scenario was run."""
    rounds = results.get("rounds", [])
    made: list[Verdict] = []
    for scenario, judge in (("b1", _accept), ("b2", _throughput), ("b3", _latency)):
        if rounds and rounds[0][scenario]:
            made += judge(rounds)
    made += _growth("B5", "cost of an outbox entry", results.get("b5", []), 1.2)
    made += _growth("B6", "cost of a match", results.get("b6", []), 1.5)
    for what in ("repeat", "reference", "inbox"):
        rows = [{size: one[what] for size, one in each.items()} for each in results.get("b7", [])]
        made += _growth("B7", f"{what} check", rows, 1.2)
    for name, one in results.get("b10", {}).items():
        seconds = one["back_after_s"] if one["back_after_s"] is not None else float("inf")
        words = f"seconds to usual latency after {name} is back"
        made.append(Verdict("B10", words, Spread.of([seconds]), 10, values=(seconds,), least=False))
    return made


def floor_spread(results: dict[str, Any]) -> float:
    """Return the spread of the floor's own rounds as a share of their median. Above a quarter, the machine was not quiet."""
    rates = [each["b1"]["f1"]["rate_1"] for each in results.get("rounds", []) if each["b1"]]
    spread = Spread.of(rates) if rates else Spread(1, 1, 1, 0)
    return (spread.high - spread.low) / spread.median


def never_arrived(results: dict[str, Any]) -> int:
    """Return the number of accepted reports, of all contenders, without an offer after forty seconds."""
    measured = [one for each in results.get("rounds", []) for scenario in ("b1", "b2", "b3") for one in each[scenario].values()]
    return sum(int(value) for one in measured for name, value in one.items() if name.startswith("missing"))


def is_quiet(results: dict[str, Any]) -> bool:
    """Return True if the machine was quiet, so that the numbers are valid."""
    return floor_spread(results) <= _SOUND_FLOOR


def _accept(rounds: Rounds) -> list[Verdict]:
    rates = _at("b1", "ngao", "rate_32"), _at("b1", "f1", "rate_1")
    medians = _at("b1", "ngao", "p50_1"), _at("b1", "f1", "p50_1")
    return [
        _ratio("B1", "accepted a second with 32 clients / F1", rounds, rates, 3),
        _ratio("B1", "median of one client / F1's", rounds, medians, 3, least=False),
    ]


def _throughput(rounds: Rounds) -> list[Verdict]:
    own = _at("b2", "ngao", "rate")
    bars = (("f2", 0.4), ("p1", 4), ("p2", 1.5))
    return [_ratio("B2", f"end to end / {name.upper()}", rounds, (own, _at("b2", name, "rate")), bar) for name, bar in bars]


def _latency(rounds: Rounds) -> list[Verdict]:
    pair = (_at("b3", "ngao", "p99"), _at("b3", "p1", "p99"))
    return [_ratio("B3", "p99 end to end / P1 at the same rate", rounds, pair, 0.5, least=False)]


def _ratio(scenario: str, what: str, rounds: Rounds, pair: Pair, bar: float, *, least: bool = True) -> Verdict:
    above, below = pair
    values = tuple(above(each) / below(each) for each in rounds)
    return Verdict(scenario, what, Spread.of(values), bar, values=values, least=least)


def _at(*path: str) -> Find:
    def find(row: dict[str, Any]) -> float:
        value: Any = row
        for name in path:
            value = value[name]
        return float(value)

    return find


def _growth(scenario: str, what: str, rounds: list[dict[str, float]], bar: float) -> list[Verdict]:
    """Judge the growth from each size to the next ten times as large, within each round that has both."""
    sizes = list(rounds[0]) if rounds else []
    made = []
    for small, large in pairwise(sizes):
        values = tuple(each[large] / each[small] for each in rounds if large in each)
        words = f"{what}, {int(small):,} to {int(large):,}"
        made.append(Verdict(scenario, words, Spread.of(values), bar, values=values, least=False))
    return made
