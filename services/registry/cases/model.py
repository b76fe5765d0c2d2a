"""A case as the registry sees it: one report's person, what that report told, and what was agreed to for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from ngao.kernel.consent import Statement, Telling, stated
from services.registry.people.identity import Told


class CaseState(StrEnum):
    """Withdrawn is final; forgotten means retention has removed what the report told."""

    OPEN = "open"
    WITHDRAWN = "withdrawn"
    FORGOTTEN = "forgotten"


@dataclass
class Case:
    """One case.

    `defender_ref` is the record made or found when it came; `tellings` are the source's consents as each event stated
    them; `said` is what others were told of the person; `absorbed` tells whether the person's record has taken over what
    this report told.
    """

    id: str
    defender_ref: str | None
    resolution: str
    urgent: bool
    told: Told
    received_at: datetime
    tellings: tuple[Telling, ...]
    policy_version: str
    state: CaseState = CaseState.OPEN
    statements: tuple[Statement, ...] = ()
    intake_sequence: int = 0
    withdrawn_at: datetime | None = None
    absorbed: bool = True
    said: tuple[str, ...] = ()
    corrected: Mapping[str, int] = field(default_factory=dict)
    revision: int = field(default=0, compare=False)

    @property
    def is_open(self) -> bool:
        """Whether anything about the person may still be told for it."""
        return self.state is CaseState.OPEN

    @property
    def reported(self) -> tuple[Statement, ...]:
        """The source's consents as they are now."""
        return stated(self.tellings)

    def hear(self, sequence: int | None) -> bool:
        """Remember how far intake's events have been taken in; False when something later was heard already."""
        newer = sequence is None or sequence > self.intake_sequence
        self.intake_sequence = max(self.intake_sequence, sequence or 0)
        return newer

    def hear_consents(self, consents: tuple[Statement, ...], sequence: int | None) -> None:
        """Take in what the source states in one event, without a sequence the last; the same event again changes nothing."""
        known = {each.sequence for each in self.tellings}
        if sequence is None or sequence not in known:
            place = max(known, default=0) + 1 if sequence is None else sequence
            self.tellings = (*self.tellings, Telling(place, consents))

    def correct(self, told: Told, sequence: int | None) -> frozenset[str]:
        """Take over what a correction tells, part by part, unless a later one was taken over before; gives these parts' names.

        Of an identity each list that is given replaces the old one; contact safety is replaced as a whole.
        """
        place = self.intake_sequence if sequence is None else sequence
        parts = {"identity": told.identity, "attributes": told.attributes, "contact_safety": told.contact_safety}
        newer = frozenset(name for name, part in parts.items() if part and self.corrected.get(name, 0) < place)
        if "identity" in newer and told.identity:
            self.told = replace(self.told, identity=told.identity.over(self.told.identity))
        if "attributes" in newer:
            self.told = replace(self.told, attributes={**self.told.attributes, **told.attributes})
        if "contact_safety" in newer:
            self.told = replace(self.told, contact_safety=told.contact_safety)
        self.corrected = {**self.corrected, **dict.fromkeys(newer, place)}
        return newer

    def say(self, statement: Statement) -> None:
        """Note what the person told an operator about this case."""
        self.statements = (*self.statements, statement)

    def withdraw(self, at: datetime) -> None:
        """The source took the report back."""
        self.state = CaseState.WITHDRAWN
        self.withdrawn_at = at

    def forget(self) -> None:
        """Remove all that the report told about the person; that there was a case stays."""
        self.state = CaseState.FORGOTTEN
        self.told = Told()
