"""Prepare a service's start: stop immediately for errors that waiting cannot fix, and wait, bounded, for others.

A demand raises Misconfigured (a wrong password, a version too old) or Unavailable (not up yet). All demands of one start
share one patience, so that a service is either whole or gone when it is over.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
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


@dataclass
class Patience:
    """`within_s` seconds for all that this start waits for; each cause is logged once."""

    within_s: float
    show: Callable[[str], None] = say
    monotonic: Callable[[], float] = time.monotonic
    pause: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        self._until = self.monotonic() + self.within_s

    def until(self, demand: Callable[[], T]) -> T:
        """Return the demand's result, as soon as it is met. Raises its Misconfigured immediately, Unavailable at the end."""
        has_printed = False
        while True:
            try:
                return demand()
            except Unavailable as error:
                if not has_printed:
                    self.show(f"Waiting, at most {self.within_s:.0f} s in all: {error}")
                    has_printed = True
                if self.monotonic() + _AGAIN_S > self._until:
                    raise
            self.pause(_AGAIN_S)
