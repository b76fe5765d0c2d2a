"""Stored sessions and challenges: by hashes, so that a copy of the store signs no one in."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import Any, ClassVar

from ngao.chassis.storage.documents import Stored
from ngao.chassis.storage.held import internal
from ngao.chassis.storage.repository import Repository
from services.console.sessions.model import IDLE, LONGEST, Challenge, Session


class SessionDocument(Stored, of=Session, held=internal("account_id began_at seen_at method device locked_at proved_at")):
    """One device on which a person is signed in; the id is the hash of what its cookie holds."""

    meta: ClassVar[dict[str, Any]] = {
        "db_alias": "console",
        "collection": "sessions",
        "indexes": ["account_id", "seen_at", "began_at"],
    }


class ChallengeDocument(Stored, of=Challenge, held=internal("account_id expires_at")):
    """What a passkey has to sign, once; the id is its hash."""

    meta: ClassVar[dict[str, Any]] = {"db_alias": "console", "collection": "challenges", "indexes": ["expires_at"]}


class SessionRepository(Repository[Session]):
    """The sessions of all accounts."""

    document = SessionDocument

    def of(self, account_id: str) -> list[Session]:
        """Return an account's sessions, the one that was active last first."""
        return self._all(SessionDocument.objects(account_id=account_id).order_by("-seen_at"))

    def alive(self, now: datetime) -> list[Session]:
        """Return every session that has not ended by itself."""
        found = self._all(SessionDocument.objects(seen_at__gt=now - IDLE))
        return [each for each in found if each.is_alive(now)]

    def end(self, session: Session) -> None:
        """Register a session's end."""
        self._unit.drop(self.collection, session.id, session.revision)

    def over(self, now: datetime, most: int) -> list[Session]:
        """Return sessions that have ended by themselves."""
        idle, old = SessionDocument.objects(seen_at__lte=now - IDLE), SessionDocument.objects(began_at__lte=now - LONGEST)
        return [*self._all(idle.limit(most)), *self._all(old.limit(most))][:most]


class ChallengeRepository(Repository[Challenge]):
    """The challenges that wait for a passkey's signature."""

    document = ChallengeDocument

    def use(self, challenge: Challenge) -> None:
        """Register a challenge's end: a second unit that uses it is a Conflict, and then finds none."""
        self._unit.drop(self.collection, challenge.id, challenge.revision)

    def over(self, now: datetime, most: int) -> list[Challenge]:
        """Return challenges that have expired."""
        return self._all(ChallengeDocument.objects(expires_at__lte=now).limit(most))


def hash_of(token: str | bytes) -> str:
    """Return the id under which a cookie's token or a challenge is stored. Both are 256 random bits."""
    return sha256(token if isinstance(token, bytes) else token.encode()).hexdigest()
