"""Decide from the ladders of policy and the roster who is asked now, who follows, and where no one is asked.

The roster has no hours: the same people are asked at every hour. A gap is a person of a ladder who has no address.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Step:
    """A person of a ladder, by roster id, and for how long an alarm waits for them."""

    person: str
    within_minutes: float


@dataclass(frozen=True)
class Ladder:
    """Who is asked one after another. The last person is reminded `reminders` times more."""

    name: str
    steps: tuple[Step, ...]
    reminders: int = 0


@dataclass(frozen=True)
class Asked:
    """A person who is asked, and how many minutes after the alarm: `until` the next one, or no one, is."""

    person: str
    after: float
    until: float


@dataclass(frozen=True)
class Watch:
    """One ladder as it is now. Without `now` an alarm on it asks no one. After `ends` minutes no one is asked any more."""

    name: str
    now: Asked | None
    then: tuple[Asked, ...]
    gaps: tuple[str, ...]

    @property
    def ends(self) -> float:
        """For how many minutes a person is asked."""
        return max((each.until for each in (self.now, *self.then) if each), default=0)


def watch_of(ladder: Ladder, reachable: Collection[str]) -> Watch:
    """Return who is asked when on a ladder.

    Notify passes over a person without an address, and reminds the last one who has one, each time after the last step's minutes.
    """
    there = [step for step in ladder.steps if step.person in reachable]
    asked: list[Asked] = []
    begin: float = 0
    for step in there:
        reminders = ladder.reminders * ladder.steps[-1].within_minutes if step is there[-1] else 0
        asked.append(Asked(step.person, begin, begin + step.within_minutes + reminders))
        begin += step.within_minutes
    gaps = tuple(step.person for step in ladder.steps if step.person not in reachable)
    return Watch(ladder.name, asked[0] if asked else None, tuple(asked[1:]), gaps)


def gaps_of(watches: Iterable[Watch]) -> list[str]:
    """Return every person of a ladder who has no address, each once, the first to be asked first."""
    return list(dict.fromkeys(person for watch in watches for person in watch.gaps))
