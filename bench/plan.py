"""What is run in which order: contenders interleaved, the order turned round every second round."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from bench import cost, durability
from bench.clock import elapsed, say
from bench.contenders.runners import Floor, OverHttp, floor, plain_faststream, plain_nameko, platform
from bench.environment import faststream_python
from bench.scenarios import accept, recovery, through
from bench.scenarios.backlog import Backlog
from bench.scenarios.lookup import Registers
from bench.scenarios.matching import Directories
from bench.stage import Stage

ALL = ("b1", "b2", "b3", "b5", "b6", "b7", "b10")


@dataclass(frozen=True)
class Size:
    """How long each part lasts. `seconds` is of one measurement; after `rounds_within_s` no further round is begun."""

    rounds: int = 7
    rounds_within_s: float = 660.0
    seconds: float = 1.5
    load_seconds: float = 3.0
    backlog: tuple[int, ...] = (1_000, 10_000, 100_000)
    partners: tuple[int, ...] = (100, 1_000, 10_000)
    records: tuple[int, ...] = (10_000, 100_000, 1_000_000)
    recovery_seconds: float = 26.0


QUICK = Size(rounds=2, seconds=1.0, load_seconds=2.0, backlog=(1_000, 5_000), partners=(100, 1_000), records=(1_000, 10_000))


@dataclass
class Field:
    """All contenders that are measured on one stage."""

    ngao: OverHttp
    floor: Floor
    others: list[OverHttp]
    peaks: dict[str, float] = field(default_factory=dict)

    @classmethod
    def open(cls, stage: Stage) -> Field:
        """Start all of them."""
        python = faststream_python()
        made = cls(platform(stage), floor(stage), [])
        say("the floor is ready")
        made.others.append(plain_nameko(stage))
        say("plain nameko is ready")
        made.others.append(plain_faststream(stage, python))
        say("FastStream is ready")
        return made

    @property
    def over_http(self) -> list[OverHttp]:
        """The platform first."""
        return [self.ngao, *self.others]

    def calibrate(self, size: Size) -> None:
        """Find each one's peak, so that each is measured for about the same time."""
        everybody: list[tuple[str, Floor | OverHttp]] = [("f2", self.floor), *((each.name, each) for each in self.over_http)]
        for name, contender in everybody:
            rate = contender.through(100).throughput
            self.peaks[name] = contender.through(max(100, int(rate * size.seconds))).throughput
        rates = ", ".join(f"{name} {peak:.0f}/s" for name, peak in self.peaks.items())
        say(f"warm; end to end: {rates}")

    def stop(self) -> None:
        """End all of them."""
        for contender in self.over_http:
            contender.stop()
        self.floor.stop()


def run(stage: Stage, size: Size, wanted: tuple[str, ...], results: dict[str, Any]) -> None:
    """Run the wanted scenarios. Each result is added to `results` immediately, so that an interrupted run keeps them."""
    contenders = Field.open(stage)
    try:
        contenders.calibrate(size)
        results["peaks"] = contenders.peaks
        results["durability"] = _durability(stage, contenders)
        results["cost"] = cost.of(stage, contenders.over_http)
        results["rounds"] = []
        for number in range(size.rounds):
            if elapsed() > size.rounds_within_s:
                say("no time for another round: this machine is slow, or not quiet")
                break
            results["rounds"].append(_round(contenders, size, wanted, number))
        if "b10" in wanted:
            rate = contenders.peaks["ngao"] / 2
            results["b10"] = recovery.of(stage, contenders.ngao, rate, size.recovery_seconds, 1)
    finally:
        contenders.stop()
    _alone(stage, size, wanted, results)


def _durability(stage: Stage, contenders: Field) -> dict[str, Any]:
    """Measure F1 and the contenders over HTTP one report at a time, so that no two share a sync. F2 shares syncs on purpose."""
    found = {"f1": durability.counted(stage, lambda count: contenders.floor.serial(30, count))}
    found["f2"] = durability.counted(stage, contenders.floor.through)
    for each in contenders.over_http:
        found[each.name] = durability.counted(stage, partial(_one_at_a_time, each))
    for name, one in found.items():
        if one and name != "f2" and min(one["mongod"], one["broker"]) < durability.OPERATIONS:
            raise RuntimeError(f"{name} is not durable: fewer syncs than reports, so it may not be compared")
    say("syncs counted: every contender waits for the disk")
    return found


def _one_at_a_time(contender: OverHttp, count: int) -> Any:
    return contender.settle(contender.accept(1, 60, count))


def _round(contenders: Field, size: Size, wanted: tuple[str, ...], number: int) -> dict[str, Any]:
    found: dict[str, Any] = {"number": number, "at": elapsed(), "b1": {}, "b2": {}, "b3": {}}
    turns: list[tuple[str, str, Callable[[], dict[str, Any]]]] = []
    if "b1" in wanted:
        turns.append(("b1", "f1", lambda: accept.of_floor(contenders.floor, size.seconds)))
        turns += [("b1", each.name, partial(accept.of, each, size.seconds)) for each in contenders.over_http]
    if "b2" in wanted:
        turns.append(("b2", "f2", lambda: through.throughput(contenders.floor, _worth(contenders, "f2", size))))
        turns += [
            ("b2", each.name, partial(through.throughput, each, _worth(contenders, each.name, size)))
            for each in contenders.over_http
        ]
    if "b3" in wanted:
        rate = contenders.peaks["ngao"] / 2
        turns += [
            ("b3", each.name, partial(through.latency, each, rate, size.load_seconds, number)) for each in contenders.over_http
        ]
    for scenario, name, measure in reversed(turns) if number % 2 else turns:
        found[scenario][name] = measure()
    say(f"round {number + 1} of {size.rounds}{_short(found)}")
    return found


def _worth(contenders: Field, name: str, size: Size) -> int:
    return max(100, int(contenders.peaks[name] * size.load_seconds))


def _short(found: dict[str, Any]) -> str:
    rates = {name: one["rate"] for name, one in found["b2"].items()}
    return ": end to end " + ", ".join(f"{name} {rate:.0f}/s" for name, rate in rates.items()) if rates else ""


def _alone(stage: Stage, size: Size, wanted: tuple[str, ...], results: dict[str, Any]) -> None:
    """Run the scenarios that need no contender: each size in turn, round after round."""
    stage.platform.stop_services(say)
    if "b6" in wanted:
        directories = Directories(stage, size.partners)
        results["b6"] = [{str(each): directories.match(each) for each in size.partners} for _ in range(size.rounds)]
        say("B6 matching: " + _medians(results["b6"]))
    if "b5" in wanted:
        results["b5"] = _backlogs(Backlog(stage), size)
        say("B5 backlog: " + _medians(results["b5"]))
    if "b7" in wanted:
        registers = Registers(stage, size.records)
        looks = [{str(each): registers.look(each, number) for each in size.records} for number in range(size.rounds)]
        results["b7"] = looks
        say("B7 lookups: " + _medians([{at: one["repeat"] for at, one in each.items()} for each in looks]))


def _backlogs(backlog: Backlog, size: Size) -> list[dict[str, float]]:
    """Drain backlogs of each size; the largest only in every third round, as it takes as long as all others together."""
    backlog.drain(size.backlog[0])
    found = []
    for number in range(size.rounds):
        sizes = size.backlog if number % 3 == 0 else size.backlog[:-1]
        found.append({str(each): backlog.drain(each) for each in sizes})
    return found


def _medians(rounds: list[dict[str, float]]) -> str:
    sizes = list(dict.fromkeys(at for each in rounds for at in each))
    return ", ".join(f"{at}: {1e6 * statistics.median(one[at] for one in rounds if at in one):.0f} µs" for at in sizes)
