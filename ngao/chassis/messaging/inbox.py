"""The inbox: a mark for each event that took effect, written in the same transaction as the effect.

Marks outlive every retry and every replay (they are kept for 120 days), so an event delivered again finds its mark.
"""

from __future__ import annotations

from collections.abc import Iterable

from ngao.chassis.storage.connection import JOURNAL, MARKS_OF_BEFORE, Store
from ngao.contracts import Event


def mark_of(event: Event) -> str:
    """Return the identity of an event: CloudEvents' source and id."""
    return f"{event.source}|{event.id}"


class Inbox:
    """Looks marks up, many together, where a message is doubtful. The unique key on commit is the guarantee."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def seen(self, marks: Iterable[str]) -> set[str]:
        """Return those of the marks that are there already."""
        places = (JOURNAL, MARKS_OF_BEFORE) if self._store.has_marks_of_before else (JOURNAL,)
        chosen = {"_id": {"$in": list(marks)}}
        return {each["_id"] for place in places for each in self._store.database[place].find(chosen, {"_id": 1})}
