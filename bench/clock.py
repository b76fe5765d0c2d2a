"""Progress lines, each with the time since the beginning, which show that a long run still works."""

from __future__ import annotations

import time

_BEGAN = time.monotonic()


def say(text: str) -> None:
    """Print one line of progress."""
    print(f"[{elapsed():6.1f} s] {text}", flush=True)


def elapsed() -> float:
    """Return the seconds since the beginning."""
    return time.monotonic() - _BEGAN
