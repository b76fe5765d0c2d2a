"""Which sources have lately posted reports again.

The store's unique index recognises a report that is posted again, so no one needs to look for it first. But a repeat then costs
a commit that fails, and another one with a look. So a source that repeats has its next reports looked up first.
"""

from __future__ import annotations

from collections import OrderedDict

_NEXT = 500
_SOURCES = 1_000


class Repeats:
    """Of one process; the sources that repeated longest ago are dropped first."""

    def __init__(self) -> None:
        self._left: OrderedDict[str, int] = OrderedDict()

    def note(self, source_id: str) -> None:
        """Expect repeats among the next reports of a source."""
        self._left[source_id] = _NEXT
        self._left.move_to_end(source_id)
        while len(self._left) > _SOURCES:
            self._left.popitem(last=False)

    def expected(self, source_id: str) -> bool:
        """Return whether the next report of a source should be looked up; it counts as one of the next."""
        left = self._left.get(source_id, 0)
        if left:
            self._left[source_id] = left - 1
        return left > 0
