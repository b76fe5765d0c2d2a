"""What is run in which order: contenders interleaved, the order turned round every second round."""

from __future__ import annotations

import statistics
from argparse import ArgumentTypeError
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from bench import durability
from bench.clock import elapsed, say
from bench.contenders.floor import Floor
from bench.contenders.runners import Driven, DurableHops, OverHttp, durable_hops, floor, plain_nameko, platform
from bench.cost import Meter
from bench.scenarios import accept, recovery, through
from bench.scenarios.backlog import Backlog
from bench.scenarios.lookup import Registers
from bench.scenarios.matching import Directories
from bench.stage import Stage

ALL = ("b1", "b2", "b3", "b5", "b6", "b7", "b10")
_MEASURED_BY = {"b1a": {"b1"}, "b1b": {"b1"}, "b1c": {"b1"}, "b11": {"b2", "b3"}, "b12": {"b3"}}
"""The scenarios that measure a bar of another name: what a report costs is read while b2 and b3 run."""
_RATES = (20.0, 40.0)


@dataclass(frozen=True)
class Size:
    """How long each part lasts. `seconds` is of one measurement; after `rounds_within_s` no further round is begun.

    A measurement at a rate lasts `load_seconds`, or longer until `least` reports have come.
    """

    rounds: int = 7
    rounds_within_s: float = 840.0
    seconds: float = 1.5
    load_seconds: float = 3.0
    least: int = 120
    idle_seconds: float = 8.0
    backlog: tuple[int, ...] = (1_000, 10_000, 100_000)
    partners: tuple[int, ...] = (100, 1_000, 10_000)
    records: tuple[int, ...] = (10_000, 100_000, 1_000_000)
    recovery_seconds: float = 26.0


QUICK = Size(
    rounds=2, seconds=1.0, load_seconds=2.0, least=40, idle_seconds=3.0, backlog=(1_000, 5_000), partners=(100, 1_000),
    records=(1_000, 10_000),
)  # fmt: skip


def scenarios(names: str) -> frozenset[str]:
    """Return the scenarios that measure what is named. Raises ArgumentTypeError."""
    wanted: frozenset[str] = frozenset()
    for name in names.split(","):
        if name not in ALL and name not in _MEASURED_BY:
            raise ArgumentTypeError(f"{name} is unknown, choose from {', '.join((*ALL, *_MEASURED_BY))}")
        wanted |= _MEASURED_BY.get(name, {name})
    return wanted


@dataclass
class Field:
    """All contenders that are measured on one stage."""

    ngao: OverHttp
    p1: OverHttp
    f1: Floor
    f3: DurableHops
    peaks: dict[str, float] = field(default_factory=dict)

    @classmethod
    def open(cls, stage: Stage) -> Field:
        """Start all of them."""
        ngao, f1, f3 = platform(stage), floor(stage), durable_hops(stage)
        say("the floors are ready")
        made = cls(ngao, plain_nameko(stage), f1, f3)
        say("plain nameko is ready")
        return made

    @property
    def over_http(self) -> tuple[OverHttp, ...]:
        """The platform first."""
        return self.ngao, self.p1

    @property
    def driven(self) -> tuple[Driven, ...]:
        """Those whose reports get to partners."""
        return self.ngao, self.f3, self.p1

    def calibrate(self, size: Size) -> None:
        """Find each one's peak, so that each is measured for about the same time."""
        for each in self.driven:
            rate = each.through(100).throughput
            self.peaks[each.name] = each.through(max(100, int(rate * size.seconds))).throughput
        rates = ", ".join(f"{name} {peak:.0f}/s" for name, peak in self.peaks.items())
        say(f"warm; end to end: {rates}")

    def stop(self) -> None:
        """End all of them."""
        for contender in self.driven:
            contender.stop()


def run(stage: Stage, size: Size, wanted: frozenset[str], results: dict[str, Any]) -> None:
    """Run the wanted scenarios. Each result is added to `results` immediately, so that an interrupted run keeps them."""
    contenders = Field.open(stage)
    try:
        contenders.calibrate(size)
        results["peaks"] = contenders.peaks
        results["durability"] = _durability(stage, contenders)
        meter = Meter(stage, contenders.ngao, size.idle_seconds)
        results["idle"], results["timers"] = meter.idle, meter.timers
        results["rounds"] = []
        for number in range(size.rounds):
            if elapsed() > size.rounds_within_s:
                say("no time for another round: this machine is slow, or not quiet")
                break
            results["rounds"].append(_round(meter, contenders, size, wanted, number))
        if "b10" in wanted:
            rate = contenders.peaks["ngao"] / 2
            results["b10"] = recovery.of(stage, contenders.ngao, rate, size.recovery_seconds, 1)
    finally:
        contenders.stop()
    _alone(stage, size, wanted, results)


def _durability(stage: Stage, contenders: Field) -> dict[str, Any]:
    """Measure each contender one report at a time, so that no two share a sync."""
    found = {"f1": durability.counted(stage, lambda count: contenders.f1.serial(30, count))}
    found["f3"] = durability.counted(stage, lambda count: [contenders.f3.through(1) for _ in range(count)])
    for each in contenders.over_http:
        found[each.name] = durability.counted(stage, partial(_one_at_a_time, each))
    for name, one in found.items():
        if one and min(one["mongod"], one["broker"]) < durability.OPERATIONS:
            raise RuntimeError(f"{name} is not durable: fewer syncs than reports, so it may not be compared")
    say("syncs counted: every contender waits for the disk")
    return found


def _one_at_a_time(contender: OverHttp, count: int) -> Any:
    return contender.settle(contender.accept(1, 60, count))


def _round(meter: Meter, contenders: Field, size: Size, wanted: frozenset[str], number: int) -> dict[str, Any]:
    found: dict[str, Any] = {"number": number, "at": elapsed()}
    turns: list[tuple[str, str, Callable[[], dict[str, Any]]]] = []
    if "b1" in wanted:
        turns.append(("b1", "f1", lambda: accept.of_floor(contenders.f1, size.seconds)))
        turns += [("b1", each.name, partial(accept.of, meter, each, size.seconds)) for each in contenders.over_http]
    if "b2" in wanted:
        turns += [
            ("b2", each.name, partial(through.at_peak, meter, each, _worth(contenders, each.name, size)))
            for each in contenders.driven
        ]
    if "b3" in wanted:
        rates = {f"b3_{rate:g}": rate for rate in _RATES} | {"b3_half": contenders.peaks["ngao"] / 2}
        turns += [
            (scenario, each.name, partial(through.at_rate, meter, each, rate, max(size.load_seconds, size.least / rate), number))
            for scenario, rate in rates.items()
            for each in contenders.driven
        ]
    for scenario, name, measure in reversed(turns) if number % 2 else turns:
        found.setdefault(scenario, {})[name] = measure()
    say(f"round {number + 1} of {size.rounds}{_short(found)}")
    return found


def _worth(contenders: Field, name: str, size: Size) -> int:
    return max(100, int(contenders.peaks[name] * size.load_seconds))


def _short(found: dict[str, Any]) -> str:
    rates = {name: one["rate"] for name, one in found.get("b2", {}).items()}
    return ": end to end " + ", ".join(f"{name} {rate:.0f}/s" for name, rate in rates.items()) if rates else ""


def _alone(stage: Stage, size: Size, wanted: frozenset[str], results: dict[str, Any]) -> None:
    """Run the scenarios that need no contender: each size in turn, round after round."""
    stage.platform.stop_services(say)
    if "b6" in wanted:
        directories = Directories(stage, size.partners)
        results["b6"] = [{str(each): directories.match(each) for each in size.partners} for _ in range(size.rounds)]
        say("B6 matching: " + _medians(results["b6"]))
    if "b5" in wanted:
        backlog = Backlog(stage)
        backlog.drain(size.backlog[0])
        results["b5"] = [{str(each): backlog.drain(each) for each in size.backlog} for _ in range(size.rounds)]
        say("B5 backlog: " + _medians(results["b5"]))
    if "b7" in wanted:
        registers = Registers(stage, size.records)
        looks = [{str(each): registers.look(each, number) for each in size.records} for number in range(size.rounds)]
        results["b7"] = looks
        say("B7 lookups: " + _medians([{at: one["repeat"] for at, one in each.items()} for each in looks]))


def _medians(rounds: list[dict[str, float]]) -> str:
    return ", ".join(f"{at}: {1e6 * statistics.median(one[at] for one in rounds):.0f} µs" for at in rounds[0])
