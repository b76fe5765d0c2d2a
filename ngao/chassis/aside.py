"""Work that computes for long, in a thread beside the one that all requests share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from eventlet import tpool

T = TypeVar("T")


def aside(work: Callable[..., T], *given: Any) -> T:
    """Do work that lets go of the interpreter, such as hashing a password, while other requests are served."""
    done: T = tpool.execute(work, *given)
    return done
