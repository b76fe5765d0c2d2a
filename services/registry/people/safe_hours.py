"""Decide whether a moment is in the hours in which a person may be contacted safely."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, time, timedelta
from typing import Any

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_DAY = timedelta(days=1)


def is_safe_now(hours: Iterable[Mapping[str, Any]], local: datetime) -> bool:
    """Return True if a moment of the person's own time is in one of these hours `{opens, closes, days}`, or there are none.

    Hours that close before they open end on the day after those named. Hours that close when they open are no hours: if they were
    meant as the whole day, a second reason shows the number; the other mistake is worse.
    """
    stated = tuple(hours)
    return not stated or any(_includes(each, local) for each in stated)


def _includes(hours: Mapping[str, Any], local: datetime) -> bool:
    opens, closes, now = time.fromisoformat(hours["opens"]), time.fromisoformat(hours["closes"]), local.time()
    if opens < closes:
        return opens <= now < closes and _is_on(hours, local)
    overnight = (now >= opens and _is_on(hours, local)) or (now < closes and _is_on(hours, local - _DAY))
    return opens > closes and overnight


def _is_on(hours: Mapping[str, Any], day: datetime) -> bool:
    return not hours.get("days") or DAYS[day.weekday()] in hours["days"]
