"""Programmes, their sessions with places, and the entries of one person: invited, attended, and whether she may be counted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

KEPT_FOR = "trainings"
"""Why a person is kept who has an entry of a training."""
COUNTED = "counted"
"""The standing of who attended and agreed to be counted."""


class State(StrEnum):
    """What a person is to a session."""

    INVITED = "invited"
    ATTENDED = "attended"
    ABSENT = "absent"
    DECLINED = "declined"


TAKES_PLACE = frozenset({State.INVITED, State.ATTENDED})
"""In these states a person has a place."""
ONLY_AFTERWARDS = frozenset({State.ATTENDED, State.ABSENT})
"""These can be known on the day of the session, not before."""


@dataclass(frozen=True)
class Programme:
    """A programme with its label by language; a request for it is this need."""

    label: Mapping[str, str]
    need: str


@dataclass
class Session:
    """One session of a programme, on a day in a county. `taken` of its places are taken; no person is named here."""

    id: str
    programme: str
    day: datetime
    county: str
    places: int
    taken: int = 0
    revision: int = field(default=0, compare=False)

    @property
    def is_full(self) -> bool:
        """Return True if no place is left."""
        return self.taken >= self.places


@dataclass(frozen=True)
class Entry:
    """A person's entry of one session. `counted`: she agreed that numbers of who attended include her; silence is no."""

    session: str
    state: State
    since: date
    counted: bool = False

    @property
    def takes_place(self) -> bool:
        """Return True if she has a place in the session."""
        return self.state in TAKES_PLACE

    @property
    def standings(self) -> tuple[str, ...]:
        """Return under which standings of its session it is found."""
        both = self.counted and self.state is State.ATTENDED
        return (str(self.state), COUNTED) if both else (str(self.state),)


@dataclass
class TrainingRecord:
    """All entries of the person of one record (the id is its reference)."""

    id: str
    entries: tuple[Entry, ...] = field(default=(), repr=False)
    revision: int = field(default=0, compare=False)

    def put(self, entry: Entry) -> None:
        """Store an entry in place of the one of the same session."""
        self.entries = (*(each for each in self.entries if each.session != entry.session), entry)

    def remove(self, session: str) -> None:
        """Remove the entry of a session."""
        self.entries = tuple(each for each in self.entries if each.session != session)


def place_of(session: str, standing: str) -> str:
    """Return what the record of an entry is found by."""
    return f"training/{session}/{standing}"


def places_of(entries: Collection[Entry]) -> list[str]:
    """Return all by which the record of these entries is found."""
    return sorted({place_of(each.session, standing) for each in entries for standing in each.standings})
