"""What the pages of protection plans decide: the registry's form of what was typed, and the other way."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

SUBJECTS = ("person", "family", "organisation")
STATES = ("planned", "done", "dropped")
FIELDS = ("threats", "measures", "review_on", "vulnerability", "vulnerabilities", "capacity", "capacities")
"""The parts of a plan that have a sentence of their own when the registry refuses them."""
_LINES = ("vulnerabilities", "capacities")
_THREAT, _MEASURE = "threat", "measure"
_EMPTY = {_THREAT: 2, _MEASURE: 3}
"""How many empty rows a form has beside those that are filled. Once saved, it has as many again."""
_MOST = 60


def rows(typed: Mapping[str, str], kind: str) -> range:
    """Return the numbers of the rows that a form shows."""
    filled = [number for number in range(_MOST) if typed.get(f"{kind}_{number}", "").strip()]
    return range((filled[-1] + 1 if filled else 0) + _EMPTY[kind])


def assessment_of(typed: Mapping[str, str]) -> dict[str, Any]:
    """Return what was typed as the registry reads it. A row without words is no row; what is missing is refused there."""
    body: dict[str, Any] = {name: _lines(typed.get(name, "")) for name in _LINES}
    body |= {name: typed.get(name, "") for name in ("vulnerability", "capacity", "review_on")}
    seen = typed.get("seen", "")
    body["seen"] = int(seen) if seen.isascii() and seen.isdigit() else 0
    body["threats"] = [
        {"words": words, "likelihood": typed.get(f"{at}_likelihood", ""), "impact": typed.get(f"{at}_impact", "")}
        for at, words in _filled(typed, _THREAT)
    ]
    body["measures"] = [
        {
            "words": words,
            "responsible": typed.get(f"{at}_responsible", ""),
            "until": typed.get(f"{at}_until", ""),
            "state": typed.get(f"{at}_state", "") or STATES[0],
        }
        for at, words in _filled(typed, _MEASURE)
    ]
    return body


def typed_of(version: Mapping[str, Any]) -> dict[str, str]:
    """Return a saved version as it was typed, for the form of the next one. The review date is not kept."""
    content = version["content"]
    typed = {name: "\n".join(content[name]) for name in _LINES}
    typed |= {name: content[name] for name in ("vulnerability", "capacity")} | {"seen": str(version["number"])}
    for kind, many in ((_THREAT, content["threats"]), (_MEASURE, content["measures"])):
        for number, each in enumerate(many):
            typed |= {f"{kind}_{number}" if name == "words" else f"{kind}_{number}_{name}": value for name, value in each.items()}
    return typed


def field_refused(errors: Iterable[Mapping[str, Any]]) -> str:
    """Return the code of the sentence for the first field that the registry refused."""
    pointer = str(next(iter(errors), {}).get("pointer", ""))
    name = pointer.strip("/").partition("/")[0]
    return name if name in FIELDS else "other"


def which_of(chosen: str, history: Iterable[Mapping[str, Any]]) -> tuple[str, int] | None:
    """Return subject and number of the version that a form chose, if there is such a one."""
    known = {f"{each['about']}.{each['number']}": (each["about"], each["number"]) for each in history}
    return known.get(chosen)


def latest_of(shown: Mapping[str, Any], about: str) -> int:
    """Return the number of the newest version about this subject; 0 without one."""
    return max((int(each["number"]) for each in shown["history"] if each["about"] == about), default=0)


def _filled(typed: Mapping[str, str], kind: str) -> Iterator[tuple[str, str]]:
    for number in range(_MOST):
        if words := typed.get(f"{kind}_{number}", "").strip():
            yield f"{kind}_{number}", words


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
