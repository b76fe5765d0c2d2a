"""The results as text, as Markdown, and as one HTML page with plots drawn in SVG."""

from __future__ import annotations

import json
from collections.abc import Sequence
from html import escape
from math import inf, log2
from typing import Any

from bench.figures import RATES, SAYS, SPEEDS, changes, speed
from bench.numbers import Spread
from bench.verdicts import Verdict, floor_spread, is_quiet, never_arrived, values, verdicts

_WIDTH, _ROW, _LEFT = 900, 34, 400
_STYLE = "body{font:15px/1.5 sans-serif;max-width:960px;margin:2em auto;padding:0 1em}table{border-collapse:collapse}"
_STYLE += "td,th{border:1px solid #ccc;padding:.3em .6em;text-align:left}svg text{font:13px sans-serif}"
_GOOD, _BAD = "#2a7d46", "#b3402a"
_HEAD = ("", "what", "median (lowest to highest round)", "must", "", "aim")
_CHANGED = ("", "before", "now", "")
_PARTS = ("intake", "registry", "referral", "notify", "mongod", "broker", "all", "commands", "switches")


def table(results: dict[str, Any]) -> list[tuple[str, ...]]:
    """Return one row per bar: scenario, measure, median with spread, bar, whether it is met, aim."""
    return [
        (each.scenario, each.what, each.spread.text(), f"{each.bar.sign} {each.bar.must:g}", _met(each), _aim(each))
        for each in verdicts(results)
    ]


def text(results: dict[str, Any], before: dict[str, Any]) -> str:
    """Return the tables for the terminal."""
    said, changed = _compared(results, before)
    return "\n\n".join([_columns([_HEAD, *table(results)]), said, *([_columns([_CHANGED, *changed])] if changed else [])])


def markdown(results: dict[str, Any], before: dict[str, Any]) -> str:
    """Return the content of `RESULTS.md`."""
    said, changed = _compared(results, before)
    parts = [
        "# Results", _quiet(results), "## Against the bars", _markdown(_HEAD, table(results)),
        "## Since the last recorded run", said, *([_markdown(_CHANGED, changed)] if changed else []),
        "## Absolute numbers of this machine", _absolute(results),
        "They are no promise: only ratios within one run mean something.", "## What a report costs", _cost(results),
        "## Durability", _syncs(results), "## The machine",
        _machine(results["machine"]),
    ]  # fmt: skip
    return "\n\n".join(parts) + "\n"


def html(results: dict[str, Any]) -> str:
    """Return the page as one self-contained HTML file."""
    made = verdicts(results)
    body = [
        "<h1>How fast the platform is</h1>", f"<p>{escape(_quiet(results))}</p>",
        _html(_HEAD, table(results)), "<h2>Every round, as a share of the bar</h2>",
        "<p>Right is better, each step is a doubling. The line is what must be reached, the mark in each row is the aim.</p>",
        _dots(made), *_timelines(results.get("b10", {})),
        "<h2>Raw rounds</h2>", f"<details><pre>{escape(json.dumps(results, indent=1, default=str))}</pre></details>",
    ]  # fmt: skip
    return (
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Ngao bench</title><style>{_STYLE}</style>{''.join(body)}</html>"
    )


def _met(verdict: Verdict) -> str:
    return "met" if verdict.is_met else f"missed by a factor of {_factor(verdict):.1f}"


def _aim(verdict: Verdict) -> str:
    reached = ", reached" if verdict.bar.is_reached(verdict.spread.median) else ""
    return f"{verdict.bar.sign} {verdict.bar.aim:g}{reached}"


def _factor(verdict: Verdict) -> float:
    """Return the ratio to the bar; above 1, by how much it is missed."""
    median, must = verdict.spread.median, verdict.bar.must
    return must / median if verdict.bar.least else median / must


def _compared(results: dict[str, Any], before: dict[str, Any]) -> tuple[str, list[tuple[str, ...]]]:
    """Return a sentence, and one row per figure that has changed beyond noise."""
    if not before:
        return "No run was recorded before.", []
    both, machine = changes(before, results), before["machine"]
    rows: list[tuple[str, ...]] = [
        (each.what, each.before.text(), each.now.text(), f"{each.times:.2f} times") for each in both if each.is_beyond_noise
    ]
    said = f"The last recorded run is of {machine['at']}, commit {machine['commit']}. "
    if any(machine[each] != results["machine"][each] for each in ("processor", "cores", "memory_gib")):
        said += "Its machine was another one, so only ratios compare. "
    said += f"Of {len(both)} figures with at least three rounds in both, {len(rows)} changed beyond noise: "
    return said + "the median of each run lies outside the rounds of the other.", rows


def _quiet(results: dict[str, Any]) -> str:
    count, share = len(results.get("rounds", [])), floor_spread(results)
    said = f"{count} rounds; the floor's own rounds lie within {share:.0%} of their median; "
    said += f"{never_arrived(results.get('rounds', []))} accepted reports did not reach a partner in time."
    return (
        said if is_quiet(results) else f"{said} That is more than 25 %: the machine was not quiet, and the numbers are not sound."
    )


def _absolute(results: dict[str, Any]) -> str:
    """Return the medians, one column per contender."""
    rows = [(what, *(_median(speed(results, name, what)) for name in SAYS)) for what in SPEEDS]
    half = f"Half of Ngao's peak is {results.get('peaks', {}).get('ngao', 0) / 2:.0f}/s."
    return _markdown(("", *SAYS.values()), rows) + "\n\n" + half


def _cost(results: dict[str, Any]) -> str:
    """Return the table of costs, which explain the ratios: with busy cores, throughput is cores / time per report."""
    rows = []
    for scenario, rate in RATES.items():
        for name, says in SAYS.items():
            own = [values(results, scenario, name, "cost", each) for each in _PARTS]
            rows += [(says, rate, *map(_median, own))] if any(own) else []
    for key, what in (("idle", "a second without a report"), ("timers", "a second of its timers in the stores")):
        if one := results.get(key):
            rows.append((SAYS["ngao"], what, *(_median([one[each]] if each in one else []) for each in _PARTS)))
    note = "Milliseconds of processor (user and system) a report, end to end, without the load's own; database commands; "
    return note + "context switches of all these processes:\n\n" + _markdown(("", "at", *_PARTS), rows)


def _median(rounds: Sequence[float]) -> str:
    return f"{Spread.of(rounds).median:.1f}" if rounds else ""


def _syncs(results: dict[str, Any]) -> str:
    rows = []
    for name, one in results.get("durability", {}).items():
        if one:
            rows.append((SAYS[name], str(one["operations"]), str(one["mongod"]), str(one["broker"])))
    note = "fsync and fdatasync by strace while that many reports went through, one at a time."
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


def _columns(rows: list[tuple[str, ...]]) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)


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
        aim = middle + step * _doublings(verdict, verdict.bar.aim)
        drawn.append(f'<line x1="{aim:.1f}" x2="{aim:.1f}" y1="{y - 8}" y2="{y + 8}" stroke="#999"/>')
        drawn += [f'<circle cx="{x:.1f}" cy="{y}" r="4" fill="{colour}" fill-opacity=".6"/>' for x in places]
    height = len(made) * _ROW + 20
    line = f'<line x1="{middle}" x2="{middle}" y1="0" y2="{height}" stroke="#333"/>'
    return f'<svg viewBox="0 0 {_WIDTH} {height}">{line}{"".join(drawn)}</svg>'


def _doublings(verdict: Verdict, value: float) -> float:
    if value in {0, inf}:
        return 5.5 if (value == inf) is verdict.bar.least else -5.5
    times = log2(value / verdict.bar.must)
    return max(-5.5, min(5.5, times if verdict.bar.least else -times))


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
