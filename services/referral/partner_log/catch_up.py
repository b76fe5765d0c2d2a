"""A partner that was away asks what it was told meanwhile."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.referral.ports import Desk


@dataclass(frozen=True)
class Page:
    """Events in the order of their cursors, and the cursor to ask from next."""

    events: list[Mapping[str, Any]]
    next_after: int


def catch_up(desk: Desk, partner_id: str, after: int, limit: int) -> Page:
    """Up to `limit` events after a cursor; an empty page gives the same cursor back."""
    found = desk.partner_log.after(partner_id, after, limit)
    return Page([event for _, event in found], found[-1][0] if found else after)
