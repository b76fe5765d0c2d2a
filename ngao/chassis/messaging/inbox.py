"""The inbox: a mark for each event that took effect, written in the same transaction as the effect.

Marks outlive every retry and every replay (they are kept for 120 days), so an event delivered again finds its mark.
"""

from __future__ import annotations

from collections.abc import Iterable

from ngao.chassis.storage.connection import Store
from ngao.contracts import Event


def mark_of(event: Event) -> str:
    """Return the identity of an event: CloudEvents' source and id."""
    return f"{event.source}|{event.id}"


class Inbox:
    """Looks marks up, many together, where a message is doubtful. The unique key on commit is the guarantee."""

    def __init__(self, store: Store) -> None:
        self._marks = store.database["inbox"]

    def seen(self, marks: Iterable[str]) -> set[str]:
        """Return those of the marks that are there already."""
        return {each["_id"] for each in self._marks.find({"_id": {"$in": list(marks)}}, {"_id": 1})}
