"""`make leaks`: send marked reports through everything that can happen to one, then search every place for the markers.

    python -m tests.privacy.leaks                     all of it, and a table
    python -m tests.privacy.leaks --no-faults         only what goes well and what goes wrong
    python -m tests.privacy.leaks --mutants           prove the search: platforms that leak must turn it red
    python -m tests.privacy.leaks --json              the table as JSON on the output

The platform is one of its own, in a folder of its own; nothing of it is left.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

os.environ.setdefault("PYTHONWARNINGS", "ignore")

from rich.console import Console

from ngao.chassis.errors import NgaoError
from tests.faults.engine.faults import FAULTS
from tests.faults.engine.mutants import LEAKS
from tests.faults.engine.rounds import play
from tests.faults.engine.site import Site, opened
from tests.faults.engine.tables import console
from tests.privacy.leaks.tables import Findings, table
from tests.support.controls import planted
from tests.support.marked_run import MarkedRun
from tests.support.markers import Token
from tests.support.searching import SINKS, Search, tap

UNDER_LOAD = ("killed-in-handler", "broker-killed", "mongod-killed", "answer-lost")
_LEASE_S = 4.0
_QUIET_S = 90.0


def main(arguments: list[str]) -> int:
    """0 when no marker stands in clear anywhere and every control was found (with `--mutants`: when each leak is found).

    1 when not, 2 when something could not be carried out, so that nothing is shown.
    """
    asked = _parser().parse_args(arguments)
    out = console()
    seed = asked.seed if asked.seed is not None else random.SystemRandom().randrange(1, 100_000)
    out.print(f"seed: {seed}")
    if asked.mutants:
        return _mutants(asked.json, out)
    try:
        with _cores_allowed(), opened(out.print, lease_s=_LEASE_S) as site:
            findings = _search(site, _everything(site, out, () if asked.no_faults else UNDER_LOAD, seed), out)
    except (AssertionError, RuntimeError, OSError, NgaoError) as error:
        out.print(f"nothing is shown, because the run did not come to its end: {error}", markup=False)
        return 2
    out.print(table(findings))
    for line in findings.lines():
        out.print(line, markup=False)
    if asked.json:
        sys.stdout.write(json.dumps(findings.as_json(), indent=1) + "\n")
    return 0 if findings.good else 1


def _parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="make leaks", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--seed", type=int, help="chooses the moments of the faults; drawn and printed when not given")
    made.add_argument("--no-faults", action="store_true", help="leave the faults out")
    made.add_argument("--mutants", action="store_true", help="search platforms that leak on purpose")
    made.add_argument("--json", action="store_true", help="write the result to the output as JSON")
    return made


def _everything(site: Site, out: Console, faults: tuple[str, ...], seed: int) -> MarkedRun:
    """What can happen to a report, part by part."""
    tap(site.stage)
    run = MarkedRun(site.stage)
    parts = [(_first_line(part), part) for part in run.parts()]
    parts += [(FAULTS[name].says, _under_load(site, run, name, seed)) for name in faults]
    parts.append(("a service crashes with a report in its memory", lambda: _crash(site, run)))
    for number, (says, part) in enumerate(parts, 1):
        began = time.monotonic()
        part()
        out.print(f"[{number}/{len(parts)}] {says} ({time.monotonic() - began:.1f} s)", markup=False)
    site.stage.quiet(within=_QUIET_S)
    return run


def _first_line(part: Callable[[], object]) -> str:
    return (part.__doc__ or part.__name__).splitlines()[0].rstrip(".")


def _under_load(site: Site, run: MarkedRun, name: str, seed: int) -> Callable[[], None]:
    """A fault with marked reports coming in: `make faults` judges what becomes of them, here it must only have happened."""

    def happen() -> None:
        mix = {"marks": [run.stem.word, run.stem.digits, run.token.kind]}
        result = play(site, replace(FAULTS[name].shortened(), mix=mix), seed)
        run.documents += result.verdict.asked
        if result.trouble:
            raise RuntimeError(f"{name} was not shown: {result.trouble}")

    return happen


def _crash(site: Site, run: MarkedRun) -> None:
    """By a broken pointer in C, say: the kernel would write the process's memory to a file."""
    run.source.takes(run.marked())
    intake = site.services["intake"]
    intake.signal(signal.SIGSEGV)
    intake.wait(10)
    site.revive("intake")


def _search(site: Site, run: MarkedRun, out: Console) -> Findings:
    control = Token(run.stem, "k")
    search = Search(run.stem, (run.token, run.open, control))
    findings = Findings(run, control)
    with planted(site.stage, control, run.source):
        for name, sink in SINKS.items():
            began = time.monotonic()
            findings.places[name] = search.through(sink(site.stage))
            out.print(f"searched {name}: {findings.places[name].bytes:,} bytes ({time.monotonic() - began:.1f} s)", markup=False)
    return findings


def _mutants(as_json: bool, out: Console) -> int:
    """Each leak on purpose, and whether the search found it in the place where it must stand."""
    rows = []
    for name, leak in LEAKS.items():
        out.print(f"mutant {name}: {leak.says}", markup=False)
        with opened(out.print, mutant=name, lease_s=_LEASE_S) as site:
            tap(site.stage)
            run = MarkedRun(site.stage)
            try:
                run.wrong_over_http()
            except (AssertionError, NgaoError) as error:  # a platform that leaks may also not work
                out.print(f"    {type(error).__name__}", markup=False)
            findings = _search(site, run, out)
        found = sorted(place for place, searched in findings.places.items() if searched.of(run.token))
        rows.append({"mutant": name, "found_in": found, "must_be_found_in": sorted(leak.shown_in)})
        word = "RED" if set(leak.shown_in) <= set(found) else "GREEN"
        out.print(f"    {word}: found in {', '.join(found) or 'nothing'}", markup=False)
    if as_json:
        sys.stdout.write(json.dumps(rows, indent=1) + "\n")
    missed = [row["mutant"] for row in rows if not set(row["must_be_found_in"]) <= set(row["found_in"])]
    out.print(f"leaks that were not found: {', '.join(str(each) for each in missed) or 'none'}")
    return 1 if missed else 0


@contextmanager
def _cores_allowed() -> Iterator[None]:
    """As on a machine whose administrator wants crashes to be looked into: a service must not take part in that."""
    soft, hard = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (hard, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, (soft, hard))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
