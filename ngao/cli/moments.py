"""Moments as operators write them: so long ago, or a date and time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from ngao.chassis.errors import Misconfigured

_AGO = re.compile(r"^(\d{1,6})([smhd])$")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def moment(text: str, *, name: str = "--since") -> datetime:
    """`90m`, `6h` or `2d` ago, or ISO 8601 (in UTC when it says no zone). Raises Misconfigured that names the option."""
    ago = _AGO.fullmatch(text)
    if ago:
        return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Misconfigured(f"{name} must be like 90m, 6h or 2d (so long ago), or like 2026-03-01T08:00Z.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
