"""Memberships and trainings in memory."""

from __future__ import annotations

from ngao.testing.registry_base import Memory
from services.registry.networks.model import MembershipRecord, place_of, places_of
from services.registry.networks.store import MembershipRepository
from services.registry.trainings import model as of_trainings
from services.registry.trainings.model import Session, TrainingRecord
from services.registry.trainings.store import SessionRepository, TrainingRepository


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


class MemorySessions(Memory[Session], SessionRepository):
    """Sessions of programmes."""

    def latest(self, most: int) -> list[Session]:
        return self._all(self._records.ordered(lambda _: True, by=lambda each: each.day)[::-1][:most])


class MemoryTrainings(Memory[TrainingRecord], TrainingRepository):
    """Entries of persons."""

    def at(self, session: str, standing: str, most: int) -> list[str]:
        place = of_trainings.place_of(session, standing)
        found = self._records.ordered(lambda each: place in of_trainings.places_of(each.entries), by=lambda each: each.id)
        return [each.id for each in found][:most]

    def count(self, session: str, standing: str) -> int:
        return len(self.at(session, standing, 10_000))

    def remove(self, record: TrainingRecord) -> None:
        self._entities.pop(record.id, None)
        self._records.drop(record.id)
