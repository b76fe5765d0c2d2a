"""Numbers for events, counted for each subject: each database belongs to one source, so a subject is enough.

Numbers of a subject only have to rise. The unit that begins a subject uses the first thousand without counting them, which saves
a write; what is counted lies above them.

A database that was put back from a backup has forgotten which numbers it gave out since. They must not come again with other
content, so a restore raises the floor that all numbers of this database are counted from.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pymongo import UpdateOne
from pymongo.client_session import ClientSession
from pymongo.collection import Collection as Stored

FLOOR = "*floor*"
"""The record that a restore writes; no subject is called so."""

_UNCOUNTED = 1_000


class Sequences:
    """Reserves numbers within a transaction."""

    def __init__(self, collection: Stored[dict[str, Any]]) -> None:
        self._collection = collection
        self._floor: int | None = None

    def reserve(self, session: ClientSession, counts: Mapping[str, int], begun: Collection[str] = ()) -> dict[str, Iterator[int]]:
        """Reserve so many numbers for each subject; `begun` are those that the unit begins."""
        known = {subject: count for subject, count in counts.items() if subject not in begun or count > _UNCOUNTED}
        counted = self._count(session, known) if known else {}
        floor = self._read_floor(session) if counts else 0
        last = dict(counts) | {subject: _UNCOUNTED + number for subject, number in counted.items()}
        return {
            subject: iter(range(floor + last[subject] - count + 1, floor + last[subject] + 1))
            for subject, count in counts.items()
        }  # fmt: skip

    def _read_floor(self, session: ClientSession) -> int:
        """Read the floor once for each process: a restore is made while none runs."""
        if self._floor is None:
            found = self._collection.find_one({"_id": FLOOR}, session=session)
            self._floor = int(found["n"]) if found else 0
        return self._floor

    def _count(self, session: ClientSession, counts: Mapping[str, int]) -> dict[str, int]:
        """Return the last number of each subject, its new ones counted in. One that was not counted before is not read."""
        subjects = sorted(counts)
        operations = [UpdateOne({"_id": subject}, {"$inc": {"n": counts[subject]}}, upsert=True) for subject in subjects]
        first = {subjects[at] for at in self._collection.bulk_write(operations, ordered=True, session=session).upserted_ids or ()}
        last = {subject: counts[subject] for subject in first}
        if others := [subject for subject in subjects if subject not in first]:
            last |= {each["_id"]: each["n"] for each in self._collection.find({"_id": {"$in": others}}, session=session)}
        return last
