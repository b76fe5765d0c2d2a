"""The results as text, as Markdown, and as one HTML page with plots drawn in SVG."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from math import inf, log2
from typing import Any

from bench.verdicts import Verdict, floor_spread, is_quiet, never_arrived, verdicts

_WIDTH, _ROW, _LEFT = 900, 34, 400
_STYLE = "body{font:15px/1.5 sans-serif;max-width:960px;margin:2em auto;padding:0 1em}table{border-collapse:collapse}"
_STYLE += "td,th{border:1px solid #ccc;padding:.3em .6em;text-align:left}svg text{font:13px sans-serif}"
_GOOD, _BAD = "#2a7d46", "#b3402a"
_SAYS = {"ngao": "Ngao", "f1": "F1 serial floor", "f2": "F2 batched floor", "p1": "P1 plain nameko", "p2": "P2 FastStream"}


def table(results: dict[str, Any]) -> list[tuple[str, ...]]:
    """Return one row per bar: scenario, measure, median with spread, bar, and whether it is met."""
    return [(each.scenario, each.what, each.spread.text(), each.bar_text, _met(each)) for each in verdicts(results)]


def text(results: dict[str, Any]) -> str:
    """Return the table for the terminal."""
    rows = [("", "what", "median (lowest to highest round)", "bar", ""), *table(results)]
    widths = [max(len(row[at]) for row in rows) for at in range(5)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)


def markdown(results: dict[str, Any]) -> str:
    """Return the content of `RESULTS.md`."""
    rows = _markdown(("", "what", "median (lowest to highest round)", "bar", ""), table(results))
    parts = [
        "# Results", _quiet(results), "## Against the bars", rows, "## Absolute numbers of this machine", _absolute(results),
        "They are no promise: only ratios within one run mean something.", "## Processor time", _cost(results.get("cost", {})),
        "## Durability", _syncs(results), "## The machine",
        _machine(results["machine"]),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def html(results: dict[str, Any]) -> str:
    """Return the page as one self-contained HTML file."""
    made = verdicts(results)
    body = [
        "<h1>How fast the platform is</h1>", f"<p>{escape(_quiet(results))}</p>",
        _html(("", "what", "median", "bar", ""), table(results)),
        "<h2>Every round, as a share of the bar</h2>", _dots(made), *_timelines(results.get("b10", {})),
        "<h2>Raw rounds</h2>", f"<details><pre>{escape(json.dumps(results, indent=1, default=str))}</pre></details>",
    ]  # fmt: skip
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Ngao bench</title><style>{_STYLE}</style>{''.join(body)}</html>"
    )


def _met(verdict: Verdict) -> str:
    if verdict.is_met:
        return "met"
    return f"missed by a factor of {_factor(verdict):.1f}"


def _factor(verdict: Verdict) -> float:
    """Return the ratio to the bar; above 1, by how much it is missed."""
    return verdict.bar / verdict.spread.median if verdict.least else verdict.spread.median / verdict.bar


def _quiet(results: dict[str, Any]) -> str:
    count, share = len(results.get("rounds", [])), floor_spread(results)
    said = f"{count} rounds; the floor's own rounds lie within {share:.0%} of their median; "
    said += f"{never_arrived(results)} accepted reports did not reach a partner in time."
    return (
        said if is_quiet(results) else f"{said} That is more than 25 %: the machine was not quiet, and the numbers are not sound."
    )


def _absolute(results: dict[str, Any]) -> str:
    rows = []
    for name, says in _SAYS.items():
        own = [says]
        for scenario, key, factor in (
            ("b1", "rate_32", 1), ("b1", "rate_1", 1), ("b1", "p50_1", 1000), ("b2", "rate", 1),
            ("b3", "p50", 1000), ("b3", "p99", 1000),
        ):  # fmt: skip
            values = [each[scenario][name][key] for each in results["rounds"] if key in each[scenario].get(name, {})]
            own.append(f"{factor * sorted(values)[len(values) // 2]:.0f}" if values else "")
        rows.append(tuple(own))
    rate = results.get("peaks", {}).get("ngao", 0) / 2
    head = ("", "accepted/s, 32 clients", "1 client", "its median, ms", "end to end/s", f"p50 at {rate:.0f}/s, ms", "p99, ms")
    return _markdown(head, rows)


def _cost(cost: dict[str, dict[str, float]]) -> str:
    """Return the table of processor times, which explain the ratios: with busy cores, throughput is cores / time per report."""
    names = list(dict.fromkeys(name for one in cost.values() for name in one))
    rows = [(_SAYS[name], *(f"{one.get(each, 0):.1f}" for each in names)) for name, one in cost.items()]
    return "Milliseconds a report, end to end, and commands that the database ran for it:\n\n" + _markdown(("", *names), rows)


def _syncs(results: dict[str, Any]) -> str:
    rows = []
    for name, one in results.get("durability", {}).items():
        if one:
            rows.append((_SAYS[name], str(one["operations"]), str(one["mongod"]), str(one["broker"])))
    note = "fsync and fdatasync by strace while that many reports went through, one at a time (F2: in one batch)."
    return note + "\n\n" + _markdown(("", "reports", "mongod", "broker"), rows) if rows else "Not counted: there was no strace."


def _machine(machine: dict[str, Any]) -> str:
    packages = ", ".join(f"{name} {number}" for name, number in machine["packages"].items())
    return (
        f"{machine['processor']}, {machine['cores']} cores, {machine['memory_gib']} GiB, disk {machine['disk']}, Linux "
        f"{machine['kernel']}, Python {machine['python']}, {packages}. Commit {machine['commit']}, {machine['at']}, "
        f"load before {machine['load'][0]:.1f}. Broker, database, all contenders and the load itself share its cores."
    )


def _markdown(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ("---",) * len(head), *rows))


def _html(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    def row(cells: tuple[str, ...], tag: str) -> str:
        return "<tr>" + "".join(f"<{tag}>{escape(cell)}</{tag}>" for cell in cells) + "</tr>"

    return "<table>" + row(head, "th") + "".join(row(each, "td") for each in rows) + "</table>"


def _dots(made: list[Verdict]) -> str:
    """Draw one row per bar. The line in the middle is the bar; values to its right are better, and each step is a doubling."""
    middle, step, drawn = _LEFT + (_WIDTH - _LEFT) / 2, (_WIDTH - _LEFT) / 12, []
    for number, verdict in enumerate(made):
        y, colour = number * _ROW + 24, _GOOD if verdict.is_met else _BAD
        drawn.append(f'<text x="0" y="{y + 4}">{escape(verdict.scenario + " " + verdict.what)}</text>')
        places = [middle + step * _doublings(verdict, each) for each in verdict.values]
        drawn += [f'<circle cx="{x:.1f}" cy="{y}" r="4" fill="{colour}" fill-opacity=".6"/>' for x in places]
    height = len(made) * _ROW + 20
    line = f'<line x1="{middle}" x2="{middle}" y1="0" y2="{height}" stroke="#333"/>'
    return f'<svg viewBox="0 0 {_WIDTH} {height}">{line}{"".join(drawn)}</svg>'


def _doublings(verdict: Verdict, value: float) -> float:
    if value in {0, inf}:
        return 5.5 if (value == inf) is verdict.least else -5.5
    times = log2(value / verdict.bar)
    return max(-5.5, min(5.5, times if verdict.least else -times))


def _timelines(faults: dict[str, Any]) -> list[str]:
    """Draw the latency over time; between the red line and the green one, the part was down."""
    drawn = []
    for name, one in faults.items():
        if not one.get("windows"):
            continue
        end, top = one["windows"][-1]["at"] + 1, max(each["p99"] for each in one["windows"])
        x, y = (lambda at, end=end: _WIDTH * at / end), (lambda took, top=top: 190 - 170 * took / top)
        lines = [_line([(x(each["at"]), y(each[key])) for each in one["windows"]], colour)
                 for key, colour in (("p99", "#333"), ("p50", "#88a"))]  # fmt: skip
        marks = [f'<line x1="{x(one[key]):.1f}" x2="{x(one[key]):.1f}" y1="0" y2="200" stroke="{colour}"/>'
                 for key, colour in (("killed", _BAD), ("up", _GOOD))]  # fmt: skip
        legend = f"p99 and p50 of reports by the second they were due; the top is {top:.1f} s"
        drawn += [
            f"<h2>B10: {escape(name)} killed</h2><p>{legend}</p>",
            f'<svg viewBox="0 0 {_WIDTH} 200">{"".join(lines + marks)}</svg>',
        ]
    return drawn


def _line(points: list[tuple[float, float]], colour: str) -> str:
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="1.5"/>'
