"""What a service does before it starts: ends at once for what waiting cannot mend, and waits, bounded, for what it can.

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
    """Tell whoever looks at the process why nothing happens yet."""
    sys.stderr.write(f"{sentence}\n")
    sys.stderr.flush()


def system_reason(number: int) -> str:
    """An error number of the system in words; eventlet's own texts say only ECONNREFUSED. Name look-up has negative ones."""
    return os.strerror(number) if number > 0 else "its name is not known"


class Patience:
    """`within_s` seconds for all that this start waits for; what is waited for is told once."""

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
        """What the demand gives, as soon as it is met. Raises its Misconfigured at once, its Unavailable when time is up."""
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
