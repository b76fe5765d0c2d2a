"""Dates of acts in native bodies: an unreadable one may be that of any act without a date."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from services.intake.reports.draft import Violation

_DATE = re.compile(r"^/violations/[*\d]+/occurred_at")


def dated_acts(report: Mapping[str, Any]) -> Iterator[tuple[int, dict[str, Any], datetime]]:
    """Return the acts that have a date of their own, each with its index in the list and its date."""
    for at, act in enumerate(report.get("violations") or ()):
        moment = _moment(act.get("occurred_at")) if isinstance(act, dict) else None
        if moment:
            yield at, act, moment


def _moment(stated: Any) -> datetime | None:
    """Return a parsed date, or None for one that the schema will name as invalid."""
    try:
        moment = datetime.fromisoformat(stated) if isinstance(stated, str) else None
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None


def counted(acts: tuple[Violation, ...], unread: Iterable[str], submitted_at: datetime) -> tuple[Violation, ...]:
    """Return the acts; those without a date get the submission's if a date of an act is among the unreadable pointers."""
    if not any(map(_DATE.match, unread)):
        return acts
    return tuple(act if act.occurred_at else replace(act, counts_from=submitted_at) for act in acts)
