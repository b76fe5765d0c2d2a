"""Memberships in memory."""

from __future__ import annotations

from ngao.testing.registry_base import Memory
from services.registry.networks.model import MembershipRecord, place_of, places_of
from services.registry.networks.store import MembershipRepository


class MemoryMemberships(Memory[MembershipRecord], MembershipRepository):
    """Memberships of persons."""

    def at(self, network: str, hub: str, standing: str, most: int) -> list[str]:
        place = place_of(network, hub, standing)
        found = self._records.ordered(lambda each: place in places_of(each.memberships), by=lambda each: each.id)
        return [each.id for each in found][:most]

    def count(self, network: str, hub: str, standing: str) -> int:
        return len(self.at(network, hub, standing, 10_000))

    def remove(self, record: MembershipRecord) -> None:
        self._entities.pop(record.id, None)
        self._records.drop(record.id)
