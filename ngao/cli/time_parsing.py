"""Times as operators write them: an age, or a date and time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from ngao.chassis.errors import Misconfigured

_AGO = re.compile(r"^(\d{1,6})([smhd])$")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def parse_time(text: str) -> datetime:
    """Parse `90m`, `6h` or `2d` ago, or ISO 8601 (UTC if it names no zone). Raises Misconfigured."""
    ago = _AGO.fullmatch(text)
    if ago:
        return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise Misconfigured("--since must be like 90m, 6h or 2d (an age), or like 2026-03-01T08:00Z.") from None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
