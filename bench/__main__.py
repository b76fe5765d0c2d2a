"""`make bench`, or `bin/ngao run python -m bench --quick --only b1,b2`."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench import figures, machine, page, plan
from bench.clock import say
from bench.stage import opened
from bench.verdicts import verdicts

_FOLDER = Path(__file__).parent
_RECORDED = _FOLDER / "results"


def main() -> int:
    """Run the scenarios, print and write the results. `bench/RESULTS.md` is written by a complete run, or by one with --keep."""
    options = _options()
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a runner's request to end stops the stage too
    size = plan.QUICK if options.quick else plan.Size()
    size = replace(size, rounds=options.rounds) if options.rounds else size
    before = figures.recorded(_RECORDED)
    results: dict[str, Any] = {"machine": machine.described(Path(tempfile.gettempdir()))}
    ended = False
    try:
        with opened() as stage:
            plan.run(stage, size, options.only, results)
        ended = True
    finally:
        whole = not options.quick and options.only == frozenset(plan.ALL)
        _write(results, before, keep=ended and (whole or options.keep), out=options.out)
    print(page.text(results, before))
    return 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bench", description="The platform beside its floors and two plain ones.")
    parser.add_argument("--rounds", type=int, help="how many (7)")
    parser.add_argument("--quick", action="store_true", help="two short rounds and small sizes: to try it, not to quote it")
    parser.add_argument("--only", type=plan.scenarios, default=frozenset(plan.ALL), help="scenarios or bars: b1,b11")
    parser.add_argument("--out", type=Path, help="where results.json and results.html go; a new folder under /tmp when left out")
    parser.add_argument("--keep", action="store_true", help="write bench/RESULTS.md and bench/results/ whatever was run")
    return parser.parse_args()


def _write(results: dict[str, Any], before: dict[str, Any], *, keep: bool, out: Path | None) -> None:
    """Write the results that there are: an interrupted run leaves its rounds. A recorded run puts the one before aside."""
    if keep and not out:
        figures.put_aside(_RECORDED, before)
    folder = out or (_RECORDED if keep else Path(tempfile.mkdtemp(prefix="ngao-bench-results-")))
    folder.mkdir(parents=True, exist_ok=True)
    results["verdicts"] = [each.as_dict() for each in verdicts(results)]
    (folder / "results.json").write_text(json.dumps(results, indent=1, default=str) + "\n", "utf-8")
    (folder / "results.html").write_text(page.html(results), "utf-8")
    if keep and results.get("rounds"):
        (_FOLDER / "RESULTS.md").write_text(page.markdown(results, before), "utf-8")
    say(f"results are in {folder}")


if __name__ == "__main__":
    sys.exit(main())
