"""What this process wrote last, so that it need not be read before it is written again.

It is only believed, never trusted: its user writes over exactly the value it remembers, and a write that meets
another value has met another process. Then everything is forgotten, and for a while nothing is remembered, because two
processes that take turns would each be wrong every time.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable, Mapping
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

_DISTRUST_S = 60.0


class Outdated(Exception):  # a signal within the committer: the group is written again, with what the store says
    """Another process has written what this one remembered."""


class Remembered(Generic[K, V]):
    """The last values of at most `size` keys, those longest unused dropped first."""

    def __init__(self, size: int, ticks: Callable[[], float] = time.monotonic) -> None:
        self._size, self._ticks = size, ticks
        self._values: OrderedDict[K, V] = OrderedDict()
        self._not_before = float("-inf")

    def among(self, keys: Iterable[K]) -> dict[K, V]:
        """Return what is remembered of these."""
        return {key: self._values[key] for key in keys if key in self._values}

    def keep(self, values: Mapping[K, V]) -> None:
        """Remember what is stored now; called after the commit, never before."""
        if self._ticks() < self._not_before:
            return
        for key, value in values.items():
            self._values[key] = value
            self._values.move_to_end(key)
        while len(self._values) > self._size:
            self._values.popitem(last=False)

    def forget(self) -> None:
        """Read it again, because what is stored now is unknown."""
        self._values.clear()

    def distrust(self) -> None:
        """Read for a while, because another process writes here too."""
        self.forget()
        self._not_before = self._ticks() + _DISTRUST_S
