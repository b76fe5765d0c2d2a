"""What a person reads: a table while it runs and at its end, and the same as JSON."""

from __future__ import annotations

import sys
from collections import Counter
from typing import Any

from rich.console import Console
from rich.table import Table

from tests.faults.engine.checker import BROKEN, DUPLICATED, LOST, UNEXPECTED
from tests.faults.engine.rounds import Result


def quantile(ordered: list[float], share: float) -> float | None:
    """The value below which that share of an ordered list lies."""
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else None


def table(results: list[Result]) -> Table:
    """One line a round."""
    made = Table(title="Faults under load", title_justify="left")
    for name in ("fault", "seed"):
        made.add_column(name, no_wrap=True)
    for name in ("asked", "accepted", LOST, DUPLICATED, "recovered", UNEXPECTED, BROKEN, "p50", "p99", "max", "quiet"):
        made.add_column(name, justify="right")
    made.add_column("verdict")
    for each in results:
        verdict = each.verdict
        counts = {name: verdict.count(name) for name in (LOST, DUPLICATED, UNEXPECTED, BROKEN)}
        shown = {name: f"[red]{n}[/]" if n else "0" for name, n in counts.items()}
        times = [quantile(verdict.stable, share) for share in (0.5, 0.99, 1.0)]
        made.add_row(
            each.fault.name, str(each.seed), str(verdict.asked), str(verdict.accepted), shown[LOST], shown[DUPLICATED],
            str(verdict.recovered), shown[UNEXPECTED], shown[BROKEN], *(_seconds(at) for at in times),
            _seconds(each.facts.quiet_after), _word(each),
        )  # fmt: skip
    return made


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.1f}"


def _word(result: Result) -> str:
    if result.trouble:
        return "[yellow]not shown[/]"
    return "[green]good[/]" if result.good else f"[red]{' '.join(result.verdict.invariants())}[/]"


def reasons(result: Result) -> list[str]:
    """Why a round is not good, the most frequent first, with one example each."""
    lines = [f"not shown: {result.trouble}"] if result.trouble else []
    found = Counter((each.invariant, each.counts, each.what) for each in result.verdict.violations)
    examples = {each.what: each.about for each in result.verdict.violations}
    for (invariant, counts, what), times in found.most_common(8):
        lines.append(f"{invariant} {counts}: {times} x {what} ({examples[what]})")
    return lines


def as_json(results: list[Result]) -> list[dict[str, Any]]:
    """Everything the table shows, and the violations."""
    return [
        {
            "fault": each.fault.name, "says": each.fault.says, "seed": each.seed, "good": each.good, "trouble": each.trouble,
            "seconds": round(each.seconds, 1), "asked": each.verdict.asked, "accepted": each.verdict.accepted,
            **{name: each.verdict.count(name) for name in (LOST, DUPLICATED, UNEXPECTED, BROKEN)},
            "recovered": each.verdict.recovered, "wire_repeats": each.verdict.repeats, "quiet_after": each.facts.quiet_after,
            "stable": {f"p{round(share * 100)}": quantile(each.verdict.stable, share) for share in (0.5, 0.99, 1.0)},
            "violations": reasons(each),
        }
        for each in results
    ]  # fmt: skip


def console(*, quiet: bool = False) -> Console:
    """Progress goes to the error stream, so that `--json` stays clean."""
    wide = {} if sys.stderr.isatty() else {"width": 160}
    return Console(stderr=True, quiet=quiet, highlight=False, **wide)
