"""Progress: each line with the time since the beginning, so that nobody wonders whether it still works."""

from __future__ import annotations

import time

_BEGAN = time.monotonic()


def say(text: str) -> None:
    """One line of progress."""
    print(f"[{elapsed():6.1f} s] {text}", flush=True)


def elapsed() -> float:
    """Seconds since the beginning."""
    return time.monotonic() - _BEGAN
