"""The state of our mail account: whether the mail server accepts our messages, as its last answers show."""

from __future__ import annotations

from datetime import datetime, timedelta

from services.notify.channels.outgoing import Outcome

LONGEST_PAUSE = timedelta(seconds=30)
_FIRST = timedelta(seconds=1)


class MailAccount:
    """After a refusal of the whole account one message is tried at a time, with growing, bounded pauses."""

    def __init__(self, longest: timedelta = LONGEST_PAUSE) -> None:
        self._longest = longest
        self._refusals = 0
        self._until: datetime | None = None
        self.refused_since: datetime | None = None
        self.reason = ""

    @property
    def is_refused(self) -> bool:
        """Return True from a refusal until a message gets through or is refused for itself."""
        return self._refusals > 0

    def may_try(self, now: datetime) -> bool:
        """Return False during a pause. One that ends later than any may was set by a clock that ran ahead and is ignored."""
        return self._until is None or not now < self._until <= now + self._longest

    def note(self, outcome: Outcome, now: datetime) -> None:
        """Update the state from an answer."""
        if not outcome.for_all:
            self._refusals, self._until, self.refused_since, self.reason = 0, None, None, ""
            return
        self._until = now + min(_FIRST * 2 ** min(self._refusals, 10), self._longest)
        self._refusals += 1
        self.refused_since, self.reason = self.refused_since or now, outcome.reason
