"""Whether a process has received, since it was last cut off from the broker, what the other services published meanwhile.

That something may not be sent any more comes as an event, too. After an outage that event and what it forbids are in transit at
the same moment, so that what must be allowed waits for the events.
"""

from __future__ import annotations

import time
from collections.abc import Callable

SETTLES_S = 10.0
"""The other services need a moment, too, to find the broker again and to publish what they have kept meanwhile."""


class News:
    """What the consumer of the events of other services knows, for those who must not act on what is out of date."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._expected = False
        self._since: float | None = None
        self._heard = False

    def expect(self) -> None:
        """Note that this process has a consumer; one without waits for nothing."""
        self._expected = True

    def attached(self) -> None:
        """Note that the consumer receives from now on."""
        self._since, self._heard = self._monotonic(), False

    def doubted(self) -> None:
        """Wait again, because another connection to the broker was lost: the consumer's may be dead unnoticed as well."""
        if self._since is not None:
            self.attached()

    def lost(self) -> None:
        """Note that the consumer receives no more."""
        self._since, self._heard = None, False

    def is_due(self) -> bool:
        """Return True if the others had their moment, so that an answer of the broker is all that is missing."""
        waits = self._expected and not self._heard
        return waits and self._since is not None and self._monotonic() - self._since >= SETTLES_S

    def all_handled(self) -> None:
        """Note that the broker has answered since it was due, and that everything which came until then is handled."""
        if self.is_due():
            self._heard = True

    def heard(self) -> bool:
        """Return True if the service has received what was published while it was cut off."""
        return self._heard or not self._expected
