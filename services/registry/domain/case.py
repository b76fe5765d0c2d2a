"""A case as the registry sees it: one report's person, what that report told, and what was agreed to for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.registry.domain.consent import Statement
from services.registry.domain.identity import Told


class CaseState(StrEnum):
    """Withdrawn is final; forgotten means retention has removed what the report told."""

    OPEN = "open"
    WITHDRAWN = "withdrawn"
    FORGOTTEN = "forgotten"


@dataclass
class Case:
    """One case.

    `defender_ref` is the record made or found when it came; `reported` are the source's consents; `said` is what others
    were told of the person; `absorbed` tells whether the person's record has taken over what this report told.
    """

    id: str
    defender_ref: str | None
    resolution: str
    urgent: bool
    told: Told
    received_at: datetime
    reported: tuple[Statement, ...]
    policy_version: str
    state: CaseState = CaseState.OPEN
    statements: tuple[Statement, ...] = ()
    intake_sequence: int = 0
    keep_until: datetime | None = None
    absorbed: bool = True
    said: tuple[str, ...] = ()
    revision: int = field(default=0, compare=False)

    @property
    def is_open(self) -> bool:
        """Whether anything about the person may still be told for it."""
        return self.state is CaseState.OPEN

    def has_heard(self, sequence: int | None) -> bool:
        """Whether intake has already said something later, so that this must change nothing (monotone)."""
        return not self.is_open or (sequence is not None and sequence <= self.intake_sequence)

    def hear(self, sequence: int | None) -> None:
        """Remember how far intake's events have been taken in."""
        self.intake_sequence = max(self.intake_sequence, sequence or 0)

    def say(self, statement: Statement) -> None:
        """Note what the person told an operator about this case."""
        self.statements = (*self.statements, statement)

    def withdraw(self, keep_until: datetime) -> None:
        """The source took the report back."""
        self.state = CaseState.WITHDRAWN
        self.keep_until = keep_until

    def forget(self) -> None:
        """Remove all that the report told about the person; that there was a case stays."""
        self.state = CaseState.FORGOTTEN
        self.told = Told()
        self.keep_until = None
