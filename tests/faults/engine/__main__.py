"""`make faults`: break the platform under load in every way we know, and check what everybody saw.

    python -m tests.faults.engine                     all faults, one seed
    python -m tests.faults.engine --seeds 3           three seeds, printed
    python -m tests.faults.engine --only broker-killed --seed 7
    python -m tests.faults.engine --mutants           prove the checker: broken platforms must turn red
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

os.environ.setdefault("PYTHONWARNINGS", "ignore")

from rich.console import Console

from tests.faults.engine import picture, tables
from tests.faults.engine.faults import FAULTS
from tests.faults.engine.keeping import keep
from tests.faults.engine.mutants import MUTANTS
from tests.faults.engine.rounds import Fault, Result, play
from tests.faults.engine.site import opened

REPORT = Path("build/faults.html")


def main(arguments: list[str]) -> int:
    """0 when every round is good (with `--mutants`: when each mutant is red somewhere)."""
    asked = _parser().parse_args(arguments)
    out = tables.console()
    if asked.list:
        _list()
        return 0
    unknown = sorted({*asked.only, *asked.mutant} - {*FAULTS, *MUTANTS})
    if unknown:
        out.print(f"unknown: {', '.join(unknown)}; `--list` names them all")
        return 2
    return _mutants(asked, out) if asked.mutants or asked.mutant else _faults(asked, out)


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="make faults", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--seed", type=int, help="the first seed; drawn and printed when not given")
    made.add_argument("--seeds", type=int, default=1, help="how many seeds")
    made.add_argument("--only", action="append", default=[], metavar="FAULT", help="only this fault; may be given again")
    made.add_argument("--list", action="store_true", help="name the faults and the mutants")
    made.add_argument("--json", action="store_true", help="write the results to the output as JSON")
    made.add_argument("--html", type=Path, default=REPORT, help="where the report goes")
    made.add_argument("--mutants", action="store_true", help="run each mutant under the faults that should show it")
    made.add_argument("--mutant", action="append", default=[], help="only this mutant; may be given again")
    return made


def _list() -> None:
    rows = [f"{fault.name:28}{fault.says}" for fault in FAULTS.values()]
    rows += [f"{name:28}[mutant] {mutant.says}; shown by {', '.join(mutant.shown_by)}" for name, mutant in MUTANTS.items()]
    sys.stdout.write("\n".join(rows) + "\n")


def _seeds(asked: Any, out: Console) -> list[int]:
    first = asked.seed if asked.seed is not None else random.SystemRandom().randrange(1, 100_000)
    out.print(f"seeds: {', '.join(str(first + at) for at in range(asked.seeds))}")
    return [first + at for at in range(asked.seeds)]


def _faults(asked: Any, out: Console) -> int:
    began, results = time.monotonic(), []
    faults = [FAULTS[name] for name in asked.only or FAULTS]
    seeds = _seeds(asked, out)
    total = len(seeds) * len(faults)
    for members, mine in _by_members(faults):
        with opened(out.print, members=members) as site:
            for seed, fault in product(seeds, mine):
                out.print(f"[{len(results) + 1}/{total}] {fault.name}, seed {seed}: {fault.says}", markup=False)
                results.append(play(site, fault, seed))
                _tell(results[-1], out)
                if not results[-1].good:
                    out.print(f"    kept: {keep(site, results[-1], asked.html.parent / 'faults')}", markup=False)
    out.print(tables.table(results))
    picture.write(asked.html, results)
    bad = [each for each in results if not each.good]
    out.print(f"{len(results) - len(bad)} of {len(results)} good in {time.monotonic() - began:.0f} s; report: {asked.html}")
    if asked.json:
        sys.stdout.write(json.dumps(tables.as_json(results), indent=1) + "\n")
    return 1 if bad else 0


def _by_members(faults: Iterable[Fault]) -> Iterator[tuple[int, list[Fault]]]:
    """A platform of its own for those that need more than one mongod: three journals cost the others their pace."""
    for members in sorted({fault.members for fault in faults}):
        yield members, [fault for fault in faults if fault.members == members]


def _tell(result: Result, out: Console) -> None:
    verdict = result.verdict
    word = "good" if result.good else "NOT SHOWN" if result.trouble else "RED"
    out.print(f"    {word}: {verdict.accepted} accepted, {verdict.recovered} recovered, {result.seconds:.0f} s", markup=False)
    for line in tables.reasons(result):
        out.print(f"    {line}", markup=False)


def _mutants(asked: Any, out: Console) -> int:
    rows = []
    (seed,) = _seeds(argparse.Namespace(seed=asked.seed, seeds=1), out)
    for name in asked.mutant or MUTANTS:
        mutant = MUTANTS[name]
        out.print(f"mutant {name}: {mutant.says}", markup=False)
        with opened(out.print, mutant=name) as site:
            results = [play(site, FAULTS[fault], seed) for fault in asked.only or mutant.shown_by]
        for result in results:
            _tell(result, out)
        rows.append({"mutant": name, **{each.fault.name: " ".join(each.verdict.invariants()) or "green" for each in results}})
    for row in rows:
        out.print("  ".join(f"{key}: {value}" for key, value in row.items()), markup=False)
    if asked.json:
        sys.stdout.write(json.dumps(rows, indent=1) + "\n")
    green = [row["mutant"] for row in rows if all(value == "green" for key, value in row.items() if key != "mutant")]
    out.print(f"green, and so not shown by any fault: {', '.join(green) or 'none'}")
    return 1 if green else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
