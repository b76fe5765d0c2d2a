"""Polling with a time limit."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

PAUSE_S = 0.1
T = TypeVar("T")


def wait_until(condition: Callable[[], T], seconds: float, pause_s: float = PAUSE_S) -> T:
    """Poll a condition. Return its value as soon as that is true, or its last value after the time limit."""
    deadline = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() <= deadline:
        time.sleep(pause_s)
    return found
