"""The repositories of the registry's features in memory; `registry` puts them together."""

from __future__ import annotations

import hashlib
from datetime import datetime

from ngao.testing.registry_base import Memory
from services.registry.checkins.model import Checkin
from services.registry.checkins.store import CheckinRepository
from services.registry.people.store import Look, LookRepository


class MemoryLooks(Memory[Look], LookRepository):
    """How far looks at new records have come."""


class MemoryCheckins(Memory[Checkin], CheckinRepository):
    """Check-ins."""

    def of(self, ref: str) -> list[Checkin]:
        """Return all of a record, the newest first."""
        found = self._records.ordered(lambda each: each.defender_ref == ref, by=lambda each: each.created_at)
        return self._all(reversed(found))

    def open(self, limit: int) -> list[Checkin]:
        """Return those that are not over."""
        return self._all(self._records.ordered(lambda each: not each.is_over, by=lambda each: each.due_at)[:limit])

    def by_link(self, link_hash: str) -> Checkin | None:
        """Return the plan of a link."""
        return next(iter(self._all(self._records.where(lambda each: each.link_hash == link_hash))), None)

    def with_answer(self, limit: int) -> list[str]:
        """Return which have an answer that waits."""
        return [each.id for each in self._records.where(lambda each: each.pending_at is not None)][:limit]

    def due(self, now: datetime, limit: int) -> list[str]:
        """Return which are due."""
        return [each.id for each in self._records.where(lambda each: each.next_at is not None and each.next_at <= now)][:limit]

    def ended_before(self, moment: datetime, limit: int) -> list[Checkin]:
        """Return those that ended no later than this."""
        return self._all(self._records.where(lambda each: each.ended_at is not None and each.ended_at <= moment)[:limit])

    def remove(self, checkin: Checkin) -> None:
        """Delete it."""
        self._records.drop(checkin.id)

    def hash_of(self, kind: str, value: str) -> str:
        """Return a hash without a key."""
        return hashlib.sha256(f"{kind} {value}".encode()).hexdigest()
