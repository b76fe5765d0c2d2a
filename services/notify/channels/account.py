"""Whether the mail server takes letters of ours at all, as the last answers show it."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.notify.channels.letter import Outcome

LONGEST_PAUSE = timedelta(seconds=30)
_FIRST = timedelta(seconds=1)


class Account:
    """After a refusal of the whole account one letter is tried at a time, with growing pauses of at most half a minute."""

    def __init__(self, longest: timedelta = LONGEST_PAUSE) -> None:
        self._longest = longest
        self._refusals = 0
        self._until: datetime | None = None
        self.refused_since: datetime | None = None
        self.reason = ""

    @property
    def is_refused(self) -> bool:
        """True from a refusal until a letter gets through or is refused for itself."""
        return self._refusals > 0

    def may_try(self, now: datetime) -> bool:
        """False during a pause; one that ends later than any may was set by a clock that ran ahead."""
        return self._until is None or not now < self._until <= now + self._longest

    def note(self, outcome: Outcome, now: datetime) -> None:
        """Learn from an answer."""
        if not outcome.for_all:
            self._refusals, self._until, self.refused_since, self.reason = 0, None, None, ""
            return
        self._until = now + min(_FIRST * 2 ** min(self._refusals, 10), self._longest)
        self._refusals += 1
        self.refused_since, self.reason = self.refused_since or now, outcome.reason
