"""Decide what a shift hands over: whose cases, to whom, and what has come of it."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

from services.console.board.model import Row

EVERY = "all"
"""Instead of a case's reference: all that are mine."""
_FIELD = "case-"


@dataclass(frozen=True)
class Shift:
    """The work at the end of a shift: the person's own cases, those that no one can work on, and the number of unseen alarms."""

    mine: tuple[Row, ...]
    unattended: tuple[Row, ...]
    unseen: int


@dataclass(frozen=True)
class Taker:
    """A person who may own cases. `hubs` are the counties whose cases they reach; None for every county."""

    id: str
    hubs: frozenset[str] | None = None

    def may_take(self, county: str) -> bool:
        """Return True if a case in this county is theirs to work on."""
        return self.hubs is None or county in self.hubs


@dataclass(frozen=True)
class Given:
    """One case to be handed over, with the owner that the page has shown: None for no one."""

    case_ref: str
    seen_owner: str | None


def shift_of(rows: Iterable[Row], me: str, able: Container[str]) -> Shift:
    """Return the work of this person and of no one, in the order of the board. `able` are those who may work on cases."""
    shown = tuple(rows)
    return Shift(
        mine=tuple(each for each in shown if each.owner == me),
        unattended=tuple(each for each in shown if each.owner != me and each.is_unattended(able)),
        unseen=sum(1 for each in shown if each.is_unseen),
    )


def given(typed: Mapping[str, str], me: str) -> list[Given]:
    """Return the cases that a form hands over: the one whose button was pressed, or all that the page showed as one's own.

    The form has a field for each case that was shown, its owner. No other case is handed over.
    """
    owners = {name.removeprefix(_FIELD): owner or None for name, owner in typed.items() if name.startswith(_FIELD)}
    shown = [Given(case_ref, owner) for case_ref, owner in owners.items()]
    only = typed.get("only", "")
    return [each for each in shown if (each.seen_owner == me if only == EVERY else each.case_ref == only)]
