"""The entries of an outbox that no process holds, those that are free for longest first, so many at a time as fit in memory."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pymongo import ASCENDING
from pymongo.collection import Collection

from ngao.chassis.messaging.publisher import WINDOW
from ngao.chassis.storage.connection import IN_ORDER, SIZE, WAITING_IN_ORDER, fitting

_CLAIMED = 20 * WINDOW
_CLAIMED_BYTES = 32 * 1024**2
"""Two thousand of the largest events are more than a service has memory for."""
_BEGINS_AGAIN_S = 5.0
_KEYS = {**dict.fromkeys(IN_ORDER, 1), **SIZE}


class FreeEntries:
    """What one relay's sweep may claim.

    The index still has, for some time, what earlier turns have claimed. So a turn begins behind the last entry of the turn before
    it, unless that one came to the end or was long ago: an entry before it may have lost its lease since.
    """

    def __init__(self, outbox: Collection[dict[str, Any]]) -> None:
        self._outbox = outbox
        self._behind: list[tuple[str, Any]] | None = None
        self._behind_until = 0.0

    def ids(self, now: datetime, free: Mapping[str, Any]) -> list[Any]:
        """Return the ids of the first entries that this filter finds."""
        behind, self._behind = self._behind, None
        if behind and time.monotonic() < self._behind_until:
            chosen = self._outbox.find({"leased_until": {"$lte": now}}, _KEYS).hint(WAITING_IN_ORDER).min(behind)
        else:
            self._behind_until = time.monotonic() + _BEGINS_AGAIN_S
            chosen = self._outbox.find(free, _KEYS)
        with chosen.sort([(field, ASCENDING) for field in IN_ORDER]).limit(_CLAIMED) as found:
            first, _ = fitting(found, _CLAIMED_BYTES)
        if first:
            self._behind = [(field, first[-1][field]) for field in IN_ORDER]
        return [each["_id"] for each in first]
