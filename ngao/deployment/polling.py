"""Polling with a time limit."""

from __future__ import annotations

import time
from collections.abc import Callable

PAUSE_S = 0.1


def wait_until(condition: Callable[[], object], seconds: float, pause_s: float = PAUSE_S) -> bool:
    """Poll a condition. Return True as soon as it holds, or False after the time limit."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(pause_s)
    return True
