"""The keys of a service's audit, looked at again every few seconds, so that a new period is used without a restart."""

from __future__ import annotations

import time
from collections.abc import Callable

from ngao.chassis.errors import Misconfigured
from ngao.chassis.observability.logs import describe_error, get_logger
from ngao.chassis.security.audit import Key, Keys
from ngao.chassis.storage.periods import LOOK_AGAIN_S

_log = get_logger(__name__)


class AuditKeys:
    """`read` gives all keys there are. Raises Misconfigured."""

    def __init__(self, read: Callable[[], Keys], *, ticks: Callable[[], float] = time.monotonic) -> None:
        self._read, self._ticks = read, ticks
        self._keys = read()
        self._until = ticks() + LOOK_AGAIN_S

    def all(self) -> Keys:
        """As they are in the folder now."""
        self._look_again()
        return self._keys

    def newest(self, period: str) -> Key:
        """What to key the next entry of a chain with, whose last entry's key is of `period`: a period never goes back."""
        if self._ticks() >= self._until or period not in {"", *self._keys.by_period}:
            self._look_again()
        return self._keys.newest()

    def _look_again(self) -> None:
        """A folder that cannot be read for the moment takes no key away."""
        self._until = self._ticks() + LOOK_AGAIN_S
        try:
            self._keys = self._read()
        except Misconfigured as error:
            _log.warning("keys.not_read", **describe_error(error))
