"""Data keys of persons and of anonymous cases: where they end."""

from __future__ import annotations

from ngao.chassis.storage.unit_of_work import Unit
from services.registry.people.store import scope_of


class UnitKeys:
    """Ends data keys together with what the unit stores."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def destroy_person(self, ref: str) -> None:
        """Register the end of a person's key."""
        self._unit.shred(scope_of("", ref))

    def destroy_case(self, case_ref: str) -> None:
        """Register the end of the key of a case without a person."""
        self._unit.shred(scope_of(case_ref, None))
