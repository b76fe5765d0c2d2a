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

from ngao.chassis.storage.remembered import Outdated, Remembered

FLOOR = "*floor*"
"""The record that a restore writes; no subject is called so."""

_REMEMBERED = 20_000
_UNCOUNTED = 1_000


class Sequences:
    """Reserves numbers within a transaction. A subject that is new, or was counted here last, is not read."""

    def __init__(self, collection: Stored[dict[str, Any]]) -> None:
        self._collection = collection
        self._last: Remembered[str, int] = Remembered(_REMEMBERED)
        self._reserved: dict[str, int] = {}
        self._floor: int | None = None

    def reserve(self, session: ClientSession, counts: Mapping[str, int], begun: Collection[str] = ()) -> dict[str, Iterator[int]]:
        """Reserve so many numbers for each subject. Raises Outdated when what is remembered is not what is stored."""
        known = {subject: count for subject, count in counts.items() if subject not in begun or count > _UNCOUNTED}
        self._reserved = self._counted(session, known) if known else {}
        floor = self._read_floor(session) if counts else 0
        last = dict(counts) | {subject: _UNCOUNTED + counted for subject, counted in self._reserved.items()}
        return {
            subject: iter(range(floor + last[subject] - count + 1, floor + last[subject] + 1))
            for subject, count in counts.items()
        }  # fmt: skip

    def settle(self, *, committed: bool) -> None:
        """Remember what is stored now, or, after a failure, that it is unknown."""
        if committed:
            self._last.keep(self._reserved)
        else:
            self._last.forget()

    def _read_floor(self, session: ClientSession) -> int:
        """Read the floor once for each process: a restore is made while none runs."""
        if self._floor is None:
            found = self._collection.find_one({"_id": FLOOR}, session=session)
            self._floor = int(found["n"]) if found else 0
        return self._floor

    def _counted(self, session: ClientSession, counts: Mapping[str, int]) -> dict[str, int]:
        """Return the last number of each subject, its new ones counted in."""
        subjects = sorted(counts)
        known = self._last.among(subjects)
        operations = [_count(subject, counts[subject], known.get(subject)) for subject in subjects]
        result = self._collection.bulk_write(operations, ordered=True, session=session)
        begun = {subjects[at] for at in result.upserted_ids or ()}
        if result.matched_count + len(begun) != len(subjects):
            self._last.distrust()
            raise Outdated
        last = {subject: known.get(subject, 0) + counts[subject] for subject in known.keys() | begun}
        asked = [subject for subject in subjects if subject not in last]
        if asked:
            last |= {each["_id"]: each["n"] for each in self._collection.find({"_id": {"$in": asked}}, session=session)}
        return last


def _count(subject: str, by: int, known: int | None) -> UpdateOne:
    found_by = {"_id": subject} if known is None else {"_id": subject, "n": known}
    return UpdateOne(found_by, {"$inc": {"n": by}}, upsert=known is None)
