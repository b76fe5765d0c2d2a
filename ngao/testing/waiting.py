"""Wait for a condition, never for a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
_FIRST_PAUSE_S, _LONGEST_PAUSE_S, _GROWTH = 0.03, 0.25, 1.2
"""Asking is not free: many tests that wait at the same time would keep what they wait for from its processor."""


def eventually(found: Callable[[], T], *, what: str, within: float = 20.0) -> T:
    """Ask until the answer is true; fails after `within` seconds, saying what was waited for."""
    deadline, pause = time.monotonic() + within, _FIRST_PAUSE_S
    while True:
        answer = found()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {within} s in vain for {what}")
        time.sleep(pause)
        pause = min(pause * _GROWTH, _LONGEST_PAUSE_S)
