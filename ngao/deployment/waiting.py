"""Bounded waiting: look again and again, never for ever."""

from __future__ import annotations

import time
from collections.abc import Callable

PAUSE_S = 0.1


def wait_until(condition: Callable[[], object], seconds: float, pause_s: float = PAUSE_S) -> bool:
    """True as soon as the condition holds, false when the seconds are over."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause_s)
    return True
