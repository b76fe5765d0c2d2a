"""The registry's repository of hand-overs, in memory."""

from __future__ import annotations

from ngao.testing.registry_base import Memory
from services.registry.contact.model import HandOver
from services.registry.contact.store import HandOverRepository


class MemoryHandOvers(Memory[HandOver], HandOverRepository):
    """The answers to notify."""

    def forget(self, ref: str) -> int:
        """Delete what is about the person of this record."""
        found = [each.id for each in self._records.where(lambda each: each.defender_ref == ref)]
        for each in found:
            self._records.drop(each)
        return len(found)
