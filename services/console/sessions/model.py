"""A session of one device: it ends by itself when nothing happens, after some hours in any case, and when it is ended."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

IDLE = timedelta(minutes=30)
LONGEST = timedelta(hours=14)
"""Longer than a night's shift, so that no one has to sign in during one."""
PROVED_FOR = timedelta(minutes=10)
"""A device that signs in from now on is added only so soon after a proof: who finds the screen open adds none."""
SEEN_EVERY = timedelta(minutes=1)
"""How exactly the last act is known: not every page costs a write."""


@dataclass
class Session:
    """One session; its id is the hash of what the cookie holds. `method` is how the person proved who they are."""

    id: str
    account_id: str
    began_at: datetime
    seen_at: datetime
    method: str
    device: str
    locked_at: datetime | None = None
    proved_at: datetime | None = None
    revision: int = 0

    def is_proved(self, now: datetime) -> bool:
        """Return True if the person has proved a moment ago who she is, by signing in or by unlocking the screen."""
        return not self.is_locked and now - (self.proved_at or self.began_at) < PROVED_FOR

    def is_alive(self, now: datetime) -> bool:
        """Return True if the session has not ended by itself."""
        return now - self.seen_at < IDLE and now - self.began_at < LONGEST

    @property
    def is_locked(self) -> bool:
        """Return True until the person has proved again who she is."""
        return self.locked_at is not None

    def lock(self, now: datetime) -> None:
        """Show nothing more until it is unlocked. A session that is locked ends as early as one in which nothing happens."""
        self.locked_at = self.locked_at or now

    def unlock(self, now: datetime) -> None:
        """Continue: the person has proved who she is."""
        self.locked_at, self.seen_at, self.proved_at = None, now, now

    def is_seen(self, now: datetime) -> bool:
        """Note that the person is active. Returns False if that is known closely enough, or while it is locked."""
        if self.is_locked or now - self.seen_at < SEEN_EVERY:
            return False
        self.seen_at = now
        return True


CHALLENGE_FOR = timedelta(minutes=5)


@dataclass
class Challenge:
    """What a passkey has to sign, once and soon. `account_id` is whose passkey it becomes; None for a sign-in."""

    id: str
    expires_at: datetime
    account_id: str | None = None
    revision: int = 0

    def is_open(self, now: datetime, account_id: str | None) -> bool:
        """Return True if it may be answered now, for this purpose."""
        return now < self.expires_at and self.account_id == account_id
