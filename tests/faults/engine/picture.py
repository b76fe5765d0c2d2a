"""The report to keep: one HTML file without anything from elsewhere, with a timeline of each round: load, fault, recovery."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any

from tests.faults.engine.rounds import Result
from tests.faults.engine.tables import as_json, reasons

_WIDTH, _HEIGHT, _TOP = 720, 90, 12
_NAMES = ("fault", "seed", "asked", "accepted", "lost", "duplicated", "recovered", "unexpected", "broken")
_HEAD = (*_NAMES, "p50 s", "p99 s", "max s", "quiet after s", "")
_STYLE = """
body{font:15px/1.45 system-ui,sans-serif;max-width:62rem;margin:2rem auto;padding:0 1rem;color:#222}
table{border-collapse:collapse;font-variant-numeric:tabular-nums}
td,th{padding:.2rem .6rem;text-align:right;border-bottom:1px solid #ddd}
td:first-child,th:first-child{text-align:left}
.bad{color:#b00020;font-weight:600}.good{color:#1b6e3c}svg{display:block;margin:.3rem 0 1rem}
h2{font-size:1.05rem;margin:1.6rem 0 .2rem}p{margin:.2rem 0}
"""


def write(path: Path, results: list[Result]) -> None:
    """Write the report."""
    rows = "".join(_row(each) for each in as_json(results))
    head = "".join(f"<th>{name}</th>" for name in _HEAD)
    rounds = "".join(_round(each) for each in results)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(
        f"<!doctype html><html lang=en><meta charset=utf-8><title>Ngao: faults under load</title><style>{_STYLE}</style>"
        f"<h1>Faults under load</h1><p>{_summary(results)}</p><table><tr>{head}</tr>{rows}</table>"
        "<p>In each picture: <span style='color:#2b6cb0'>reports accepted</span>, "
        "<span style='color:#1b6e3c'>offers that reached partners</span>, "
        "<span style='color:#b00020'>refused or unknown</span>, each in half a second; grey: the fault.</p>"
        f"{rounds}</html>",
        "utf-8",
    )


def _summary(results: list[Result]) -> str:
    good = sum(each.good for each in results)
    accepted = sum(each.verdict.accepted for each in results)
    return f"{good} of {len(results)} rounds good; {accepted} reports accepted in all."


def _row(each: dict[str, object]) -> str:
    stable: dict[str, float | None] = each["stable"]  # type: ignore[assignment]
    times = [*stable.values(), each["quiet_after"]]
    cells = [f"<td>{escape(str(each[name]))}</td>" for name in _NAMES]
    cells += [f"<td>{'-' if value is None else f'{value:.1f}'}</td>" for value in times]
    word = "<td class=good>good</td>" if each["good"] else f"<td class=bad>{'not shown' if each['trouble'] else 'red'}</td>"
    return f"<tr>{''.join(cells)}{word}</tr>"


def _round(result: Result) -> str:
    why = "".join(f"<p class=bad>{escape(line)}</p>" for line in reasons(result))
    return f"<h2>{escape(result.fault.name)} (seed {result.seed})</h2><p>{escape(result.fault.says)}</p>{timeline(result)}{why}"


def _is_offer_of(line: Mapping[str, Any], refs: set[str]) -> bool:
    return line.get("what") == "referral.offered.v1" and line.get("case_ref") in refs


def timeline(result: Result) -> str:
    """One round as an inline SVG."""
    facts = result.facts
    posts = [op for op in facts.ops if op["f"] in {"post", "publish"}]
    refs = {case["case_ref"] for case in facts.cases}
    lines = {
        "#2b6cb0": [op["at"] for op in posts if op["type"] == "ok"],
        "#1b6e3c": [each["at"] for each in facts.heard if _is_offer_of(each, refs)],
        "#b00020": [op["at"] for op in posts if op["type"] in {"info", "fail"}],
    }
    end = max([facts.healed_at + (facts.quiet_after or 1.0), *(moment for each in lines.values() for moment in each)])
    span = max(end - result.began, 1.0)

    def x(moment: float) -> float:
        return round(max(0.0, min(1.0, (moment - result.began) / span)) * _WIDTH, 1)

    binned = {colour: Counter(int((moment - result.began) * 2) for moment in moments) for colour, moments in lines.items()}
    top = max([1, *(n for counts in binned.values() for n in counts.values())])
    left, wide = x(facts.fault_at), max(1.0, x(facts.healed_at) - x(facts.fault_at))
    shapes = [f"<rect x='{left}' y='0' width='{wide}' height='{_HEIGHT}' fill='#eee'/>"]
    for colour, counts in binned.items():
        heights = [round(_HEIGHT - (_HEIGHT - _TOP) * counts.get(at, 0) / top, 1) for at in range(int(span * 2) + 1)]
        points = " ".join(f"{x(result.began + at / 2)},{height}" for at, height in enumerate(heights))
        shapes.append(f"<polyline points='{points}' fill='none' stroke='{colour}' stroke-width='1.5'/>")
    text = "font-size='11' fill='#666'"
    shapes.append(f"<text x='{left + 3}' y='11' {text}>fault {facts.healed_at - facts.fault_at:.1f} s</text>")
    shapes.append(f"<text x='{_WIDTH}' y='11' {text} text-anchor='end'>{span:.0f} s, highest {top * 2}/s</text>")
    size = f"viewBox='0 0 {_WIDTH} {_HEIGHT}' width='{_WIDTH}' height='{_HEIGHT}'"
    return f"<svg {size} role='img'>{''.join(shapes)}</svg>"
