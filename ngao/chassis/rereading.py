"""The content of a folder of keys, read again every few seconds, so that a new period is used without a restart."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Generic, TypeVar

from ngao.chassis.errors import Misconfigured
from ngao.chassis.observability.logs import describe_error, get_logger

LOOK_AGAIN_S = 10.0
"""Processes that run side by side never hold different keys for longer than this."""
Ticks = Callable[[], float]
T = TypeVar("T")
_log = get_logger(__name__)


class Reread(Generic[T]):
    """`read` returns the present content. The constructor raises Misconfigured if the folder cannot be read.

    Later, the last content stays in use while the folder cannot be read.
    """

    def __init__(self, read: Callable[[], T], *, ticks: Ticks = time.monotonic) -> None:
        self._read, self._ticks = read, ticks
        self._value = read()
        self._looked = ticks()

    def value(self, older_than: float = LOOK_AGAIN_S) -> T:
        """Return the content, read again if the last reading was at least so many seconds ago."""
        now = self._ticks()
        if now >= self._looked + older_than:
            self._looked = now
            try:
                self._value = self._read()
            except Misconfigured as error:
                _log.warning("keys.not_read", **describe_error(error))
        return self._value
