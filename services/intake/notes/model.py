"""Notes about a case, which are added and never changed, and flags, which are set and cleared by code."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

MOST_NOTES = 500
"""All notes of a case are read together, so their number is bounded."""
MOST_CHARACTERS = 4_000


@dataclass(frozen=True)
class Note:
    """One note. `number` is its place among those of its case, from 1; `corrects` is the number of the note that it corrects.

    The store seals `text` with the data key of the case.
    """

    id: str
    case_ref: str
    number: int
    author: str
    at: datetime
    text: str = field(repr=False)
    corrects: int | None = None
    revision: int = 0

    def says(self, case_ref: str, text: str, corrects: int | None) -> bool:
        """Return True if this is what another request with the same act asks for."""
        return (self.case_ref, self.text, self.corrects) == (case_ref, text, corrects)


@dataclass(frozen=True)
class Flag:
    """The last change of a flag: whether it set or cleared it, whose it was, and when."""

    code: str
    is_set: bool
    changed_by: str
    changed_at: datetime


@dataclass
class CaseFile:
    """The record beside a case that each note and each flag changes: how many notes there are, and the flags.

    Two changes at the same time both write it, so that one of them is decided again. `flags_revision` counts the changes of flags
    alone: a note does not outdate what was read of them.
    """

    case_ref: str
    notes: int = 0
    flags: tuple[Flag, ...] = ()
    flags_revision: int = 0
    revision: int = 0

    @property
    def is_full(self) -> bool:
        """Return True if the case has as many notes as it may have."""
        return self.notes >= MOST_NOTES

    @property
    def last_change(self) -> Flag | None:
        """The flag that was changed last, or None."""
        return self.flags[-1] if self.flags else None

    @property
    def codes(self) -> tuple[str, ...]:
        """The flags that the case has."""
        return tuple(flag.code for flag in self.flags if flag.is_set)

    def count_note(self) -> int:
        """Count one more note and return its number."""
        self.notes += 1
        return self.notes

    def change(self, flag: Flag) -> None:
        """Set or clear a flag."""
        self.flags = (*(each for each in self.flags if each.code != flag.code), flag)
        self.flags_revision += 1
