"""The keys of a service's audit, read again every few seconds, so that a new period is used without a restart."""

from __future__ import annotations

import time
from collections.abc import Callable

from ngao.chassis.rereading import Reread, Ticks
from ngao.chassis.security.audit import Key, Keys


class AuditKeys:
    """`read` gives all keys there are. Raises Misconfigured."""

    def __init__(self, read: Callable[[], Keys], *, ticks: Ticks = time.monotonic) -> None:
        self._keys = Reread(read, ticks=ticks)

    def all(self) -> Keys:
        """As they are in the folder now."""
        return self._keys.value(older_than=0)

    def newest(self, period: str) -> Key:
        """Return the key for the next entry of a chain, whose last entry's key is of `period`: a period never goes back."""
        keys = self._keys.value()
        return (keys if period in {"", *keys.by_period} else self.all()).newest()
