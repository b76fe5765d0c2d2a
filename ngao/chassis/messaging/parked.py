"""The records of parked messages: which there are, and the one change that ends the parking of each."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pymongo import DESCENDING
from pymongo.collection import Collection

from ngao.chassis.errors import NotAllowedNow, or_not_found
from ngao.chassis.messaging.delivery import ORIGINAL_USER
from ngao.chassis.storage.unit_of_work import Unit

GONE: Mapping[str, Any] = {"body": None, "digest": None, "name": None}
PARKED, REPLAYED, DROPPED, EXPIRED = "parked", "replayed", "dropped", "expired"
SCOPES = "parked:"
ACCOUNT = f"headers.{ORIGINAL_USER}"
"""Where a record has the account that posted the message."""


class ParkedRecords:
    """Some of the parked messages of a service: those that fit `which`, a filter of the store."""

    def __init__(self, collection: Collection[dict[str, Any]], which: Mapping[str, Any]) -> None:
        self._collection, self._which = collection, which

    def list(self, limit: int, state: str, more: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
        """Return the newest in a state, or in any for `all`, without their bodies."""
        wanted = {**self._which, **(more or {}), **({} if state == "all" else {"state": state})}
        found = self._collection.find(wanted, {"body": 0, "name": 0}).sort("parked_at", DESCENDING)
        return list(found.limit(limit))

    def count(self) -> int:
        """Return how many wait for a decision."""
        return self._collection.count_documents({**self._which, "state": PARKED})

    def load(self, account: str | None) -> tuple[int, int]:
        """Return how many messages of an account wait, and how many bytes they are."""
        which = {**self._which, ACCOUNT: account, "state": PARKED}
        summed = {"$group": {"_id": None, "count": {"$sum": 1}, "bytes": {"$sum": "$size"}}}
        found = next(self._collection.aggregate([{"$match": which}, {"$project": {"_id": 0, "size": 1}}, summed]), None)
        return (found["count"], found["bytes"]) if found else (0, 0)

    def find(self, parked_id: str) -> dict[str, Any]:
        """Return one of them; raises NotFound."""
        return or_not_found(self._collection.find_one({"_id": parked_id, **self._which}), "There is no such parked message.")

    def waiting(self, parked_id: str) -> dict[str, Any]:
        """Return one that waits for a decision; raises NotFound, NotAllowedNow (`not-parked`)."""
        found = self.find(parked_id)
        if found["state"] != PARKED:
            raise NotAllowedNow(f"This message is {found['state']}, not parked.", slug="not-parked")
        return found

    def end_parking(self, unit: Unit, parked_id: str, state: str) -> dict[str, Any]:
        """Register the end of its parking: its bytes go; gives what it was. Raises NotFound, NotAllowedNow (`not-parked`)."""
        found = self.waiting(parked_id)
        as_read = {"_id": parked_id, "state": PARKED, "times": found["times"]}
        unit.register_update("parked", as_read, {"$set": {"state": state, **GONE}})
        return found


def body_of(unit: Unit, found: Mapping[str, Any]) -> bytes:
    """Return the bytes of a record. Raises NotAllowedNow (`not-whole`) where only the beginning was stored."""
    if not found.get("whole", True):
        raise NotAllowedNow("Only the beginning of this message was kept: ask its sender to send it again.", slug="not-whole")
    return _opened(unit, found, "body")


def sealed(unit: Unit, parked_id: str, field: str, plain: bytes) -> bytes:
    """Return a field of a record as it is stored now; a sender may have put anything into its body and its name."""
    return unit.sealer.seal(scope_of(unit.now), "parked", parked_id, field, plain)


def name_of(unit: Unit, found: Mapping[str, Any]) -> str | None:
    """Return the name that its sender gave the message of a record, if there was one."""
    return _opened(unit, found, "name").decode() if found.get("name") else None


def _opened(unit: Unit, found: Mapping[str, Any], field: str) -> bytes:
    return unit.sealer.open(found["scope"], "parked", found["_id"], field, found[field])


def scope_of(now: datetime) -> str:
    """Return the scope of the data key under which a body is sealed: one for each month."""
    return f"{SCOPES}{now:%Y-%m}"
