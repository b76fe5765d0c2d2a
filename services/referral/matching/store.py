"""The whole directory and partners' recent answers, kept in memory for matching."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from time import monotonic

from ngao.chassis.clock import Clock
from services.referral.directory.model import Directory
from services.referral.directory.store import all_partners, directory_version
from services.referral.matching.model import Load, Matcher, MatchingPolicy
from services.referral.offers.store import responses_since

_REMEMBERED = timedelta(days=30)
_DIRECTORY_AGE_S = 1.0
_RESPONSES_AGE_S = 60.0


class DirectoryCache:
    """The whole directory in memory, read again when its version has changed: checked once a second at most."""

    def __init__(self, clock: Clock, policy: MatchingPolicy) -> None:
        self._clock = clock
        self._policy = policy
        self._directory = Directory((), version=-1)
        self._responses: dict[str, float] = {}
        self._looked_at = self._counted_at = float("-inf")

    def current(self) -> Directory:
        """Return the directory as it is now."""
        self._refresh()
        return self._directory

    def matcher(self, loads: Callable[[Sequence[str]], Mapping[str, Load]]) -> Matcher:
        """Return a matcher over the directory as it is now."""
        self._refresh()
        return Matcher(self._directory, loads, self._policy, self._responses)

    def forget(self) -> None:
        """Check again at the next match: this process has just changed the directory itself."""
        self._looked_at = float("-inf")

    def _refresh(self) -> None:
        now = monotonic()
        if now - self._looked_at >= _DIRECTORY_AGE_S:
            version = directory_version()
            if version != self._directory.version:
                self._directory = Directory(all_partners(), version)
            self._looked_at = now
        if now - self._counted_at >= _RESPONSES_AGE_S:
            self._responses = responses_since(self._clock.now() - _REMEMBERED)
            self._counted_at = now
