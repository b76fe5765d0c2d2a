"""Prepare a service's start: stop immediately for errors that waiting cannot fix, and wait, bounded, for others.

A demand raises Misconfigured (a wrong password, a version too old) or Unavailable (not up yet). All demands of one start
share one patience, so that a service is either whole or gone when it is over.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from typing import TypeVar

from ngao.chassis.errors import Unavailable

T = TypeVar("T")

_AGAIN_S = 1.0


def say(sentence: str) -> None:
    """Log why nothing happens yet, for an operator who watches the process."""
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


def system_reason(number: int) -> str:
    """Return an error number of the system in words; eventlet says only ECONNREFUSED. Name look-up has negative ones."""
    return os.strerror(number) if number > 0 else "its name is not known"


class Patience:
    """`within_s` seconds for all that this start waits for; each cause is logged once."""

    def __init__(
        self,
        within_s: float,
        *,
        tell: Callable[[str], None] = say,
        monotonic: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._within_s = within_s
        self._tell = tell
        self._monotonic = monotonic
        self._pause = pause
        self._until = monotonic() + within_s

    def until(self, demand: Callable[[], T]) -> T:
        """Return the demand's result, as soon as it is met. Raises its Misconfigured immediately, Unavailable at the end."""
        told = False
        while True:
            try:
                return demand()
            except Unavailable as error:
                if not told:
                    self._tell(f"Waiting, at most {self._within_s:.0f} s in all: {error}")
                    told = True
                if self._monotonic() + _AGAIN_S > self._until:
                    raise
            self._pause(_AGAIN_S)
