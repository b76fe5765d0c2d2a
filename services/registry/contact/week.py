"""Hours of the week: those that two statements have in common."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import time
from itertools import pairwise
from typing import Any

from services.registry.people.safe_hours import DAYS

Hours = tuple[Mapping[str, Any], ...]
_DAY = 24 * 60
_WEEK = 7 * _DAY
_NEVER: Hours = ({"opens": "00:00", "closes": "00:00", "days": []},)
"""Hours that close when they open are no hours."""


def both(one: Hours, other: Hours) -> Hours:
    """Return the hours in which both statements hold. Stating no hours means any time."""
    if not one or not other:
        return one or other
    if list(one) == list(other):
        return one
    return _as_hours(_minutes(one) & _minutes(other)) or _NEVER


def is_never(hours: Hours) -> bool:
    """Return True if there are hours, and no moment is in any of them."""
    return bool(hours) and not _minutes(hours)


def _minutes(hours: Iterable[Mapping[str, Any]]) -> frozenset[int]:
    found: set[int] = set()
    for each in hours:
        opens, closes = _minute(each["opens"]), _minute(each["closes"])
        length = (closes - opens) % _DAY
        for day in each.get("days") or DAYS:
            begin = DAYS.index(day) * _DAY + opens
            found.update(minute % _WEEK for minute in range(begin, begin + length))
    return frozenset(found)


def _as_hours(minutes: frozenset[int]) -> Hours:
    """Return minutes of the week as hours, day by day. A whole day is two halves: hours from midnight to midnight are none."""
    spans: dict[tuple[int, int], list[str]] = {}
    for day, name in enumerate(DAYS):
        for begin, end in _spans([minute - day * _DAY for minute in minutes if day * _DAY <= minute < (day + 1) * _DAY]):
            halves = [(0, _DAY // 2), (_DAY // 2, _DAY)] if (begin, end) == (0, _DAY) else [(begin, end)]
            for half in halves:
                spans.setdefault(half, []).append(name)
    return tuple({"opens": _text(begin), "closes": _text(end), "days": days} for (begin, end), days in spans.items())


def _spans(minutes: list[int]) -> list[tuple[int, int]]:
    if not minutes:
        return []
    ordered = sorted(minutes)
    breaks = [(last, first) for last, first in pairwise(ordered) if first != last + 1]
    begins = [ordered[0], *(first for _, first in breaks)]
    ends = [*(last + 1 for last, _ in breaks), ordered[-1] + 1]
    return list(zip(begins, ends, strict=True))


def _minute(text: str) -> int:
    at = time.fromisoformat(text)
    return at.hour * 60 + at.minute


def _text(minute: int) -> str:
    return f"{minute // 60 % 24:02d}:{minute % 60:02d}"
