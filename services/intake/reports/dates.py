"""Dates that cannot be right: a clock that was reset, a year mistyped. A doubtful date never lowers an urgency.

What happened at a doubtful date counts as having happened when it was reported; the date as stated is kept for a human.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from services.intake.reports.draft import DateDoubt, Draft, Violation

FUTURE_TOLERANCE = timedelta(days=3)
"""More than a time zone: a clock that is two days off, the source's or ours, must refuse no call for help."""
OLDEST_LIKELY = timedelta(days=3653)
"""Ten years. A device without a clock battery begins in 1970, 1980 or the year in which it was made."""
RESET_SINCE = timedelta(days=366)
"""Devices begin on the first day of a year; one that lies further back than this is a clock's beginning rather than a date."""

ESTIMATE = "estimate"
_VAGUE = frozenset({"month", "year"})
_ZONES = timedelta(hours=14)


def doubt_about(stated: datetime, precision: str, now: datetime) -> str:
    """Return why a date is doubtful: `future`, `too_old`, `device_clock`; empty if it may be right."""
    if stated > now + FUTURE_TOLERANCE:
        return "future"
    if precision in _VAGUE:
        return ""
    if now - stated > OLDEST_LIKELY:
        return "too_old"
    return "device_clock" if now - stated > RESET_SINCE and _begins_a_year(stated) else ""


def with_likely_date(draft: Draft, submitted_at: datetime, now: datetime) -> Draft:
    """Return the report with the moment of its submission instead of each doubtful date, its own and those of its acts."""
    draft = replace(draft, violations=tuple(with_likely_moment(violation, submitted_at, now) for violation in draft.violations))
    reason = "" if draft.doubt else doubt_about(draft.occurred_at, draft.occurred_precision, now)
    if not reason:
        return draft
    doubt = DateDoubt(reason, draft.occurred_at, draft.occurred_precision)
    return replace(draft, occurred_at=submitted_at, occurred_precision=ESTIMATE, doubt=doubt)


def with_likely_moment(act: Violation, submitted_at: datetime, now: datetime) -> Violation:
    """Date an act with a doubtful date at its submission; its stated date stays for a human to read."""
    doubtful = act.occurred_at and doubt_about(act.occurred_at, act.occurred_precision, now)
    return replace(act, counts_from=submitted_at) if doubtful else act


def _begins_a_year(moment: datetime) -> bool:
    """Return True if a year begins at this moment, in whichever time zone the device assumed."""
    earlier, later = moment - _ZONES, moment + _ZONES
    return earlier.year != later.year or (moment.month, moment.day) == (1, 1)
