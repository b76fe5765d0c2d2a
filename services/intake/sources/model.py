"""A system that may post reports."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from ngao.kernel.ids import CHECKINS_SOURCE, WHOLE_ID

ID_PATTERN = re.compile(WHOLE_ID)
KEYS_KEPT = 2
BY_PHONE = "by-phone"
"""The source id of reports that operators take by phone. No outside system can have it."""
OWN_IDS = frozenset({BY_PHONE, CHECKINS_SOURCE})
"""The source ids of the platform itself: calls, and missed check-ins."""


@dataclass
class Source:
    """One source. It may hold two keys at a time, so that it changes keys without a gap; only their hashes are kept."""

    id: str
    created_at: datetime
    enabled: bool = True
    profile: str | None = None
    rate_per_second: float | None = None
    key_hashes: tuple[str, ...] = ()
    revision: int = 0

    @property
    def may_post(self) -> bool:
        """Return True if it may post: an operator has not disabled it, and its id is not the platform's own."""
        return self.enabled and self.id not in OWN_IDS

    @property
    def keys(self) -> int:
        """Return how many keys it holds."""
        return len(self.key_hashes)

    def add_key(self, key_hash: str, *, revoke_old: bool) -> None:
        """Give it a new key; the one before stays valid unless it is revoked."""
        kept = () if revoke_old else self.key_hashes
        self.key_hashes = (key_hash, *kept)[:KEYS_KEPT]
