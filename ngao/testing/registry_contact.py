"""What the registry keeps about contact, in memory."""

from __future__ import annotations

from datetime import datetime

from ngao.testing.registry_base import Memory
from services.registry.contact.model import ContactRecord, HandOver
from services.registry.contact.store import ContactSafetyRepository, HandOverRepository


class MemoryHandOvers(Memory[HandOver], HandOverRepository):
    """The answers to notify."""

    def forget(self, ref: str) -> int:
        """Delete what is about the person of this record."""
        found = [each.id for each in self._records.where(lambda each: each.defender_ref == ref)]
        for each in found:
            self._records.drop(each)
        return len(found)


class MemoryContactSafety(Memory[ContactRecord], ContactSafetyRepository):
    """What officers recorded about contact."""

    def to_ring(self, now: datetime, limit: int) -> list[str]:
        """Return whose contact is to be confirmed again."""
        due = self._records.ordered(lambda each: each.ring_at and each.ring_at <= now, by=lambda each: each.ring_at)
        return [each.id for each in due][:limit]

    def remove(self, record: ContactRecord) -> None:
        """Delete it."""
        self._entities.pop(record.id, None)
        self._records.drop(record.id)
