"""Wait for a condition, never for a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(found: Callable[[], T], *, within: float = 20.0, what: str = "the condition") -> T:
    """Ask until the answer is true; fails after `within` seconds, saying what was waited for."""
    deadline = time.monotonic() + within
    while True:
        answer = found()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {within} s in vain for {what}")
        time.sleep(0.03)
