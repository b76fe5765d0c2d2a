"""Parking: the place of a message that cannot be handled, until an operator has seen it.

What is parked keeps its bytes, sealed, with the reason and the number of attempts; it can be replayed to the queue it
came from, or dropped by a named operator with a reason. Both are audited. An undecided message expires when its time
is over (`retention.yaml`): the bytes are gone, what it was stays. Of a body above 1 MB only the beginning is kept, with the
size and a keyed hash of the whole: it can be looked into and dropped, not replayed. Of one outsider's account so much is kept and
no more: beyond it, messages are counted in one record for each reason, without their bodies.

A service may look after the messages of a content type by itself: those are on a `Shelf` of their own, and the operations here
do not show or change them. They expire as all others do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from pymongo import ASCENDING
from pymongo.collection import Collection

from ngao.chassis.errors import NotAllowedNow
from ngao.chassis.messaging.delivery import PARKED_ID, Delivery
from ngao.chassis.messaging.destinations import REDELIVER, REDELIVER_EDGE
from ngao.chassis.messaging.parked import (
    DROPPED,
    EXPIRED,
    GONE,
    PARKED,
    REPLAYED,
    SCOPES,
    ParkedRecords,
    body_of,
    scope_of,
    sealed,
)
from ngao.chassis.storage.connection import Store
from ngao.chassis.storage.unit_of_work import Raw, Unit
from ngao.chassis.storage.units import Units
from ngao.kernel.actors import Actor

_FIELDS = ("queue", "reason", "errors", "attempts", "times", "state", "size", "content_type", "parked_at", "first_parked_at")
MOST_KEPT = 1024 * 1024
"""Of a larger body only the beginning is kept, in bytes."""
_BEGINNING = 64 * 1024
_AT_ONCE = 100
_ACTOR = Actor.system("retention")


@dataclass(frozen=True)
class AccountBounds:
    """How much of one outsider's account is kept."""

    messages: int = 500
    bytes: int = 32 * 1024 * 1024

    def are_reached(self, messages: int, size: int) -> bool:
        """Return True if no more is stored."""
        return messages >= self.messages or size >= self.bytes


class Parking(ParkedRecords):
    """The parked messages of one service, but for those on a shelf; these only expire here."""

    def __init__(self, service: str, store: Store, units: Units) -> None:
        self._apart: list[str] = []
        super().__init__(store.durable("parked"), {"content_type": {"$nin": self._apart}})
        self._service, self._units, self._bounds = service, units, AccountBounds()

    def shelf(self, content_type: str) -> Shelf:
        """Return the shelf of a content type, whose messages the service itself looks after."""
        self._apart.append(content_type)
        return Shelf(self, self._collection, content_type)

    def park(
        self,
        unit: Unit,
        delivery: Delivery,
        *,
        reason: str,
        errors: Sequence[dict[str, str]] = (),
        edge: bool,
        bodiless: bool = False,
        name: str | None = None,
        has_room: bool = False,
    ) -> str:
        """Register a message's parking and give its id; one that was parked before is there again, with its count.

        Its id is a keyed hash of queue, account, content, and the `name` its sender gave it, so that two messages never share a
        record. `has_room` means that the caller itself bounds what an account fills.
        """
        parked_id = self.id_of(unit, delivery, name)
        found = self._collection.find_one({"_id": parked_id}, {"times": 1})
        if found is None and edge and not has_room and self._is_full(delivery):
            parked_id, bodiless = self._id_of_more(unit, delivery, reason), True
            found = self._collection.find_one({"_id": parked_id}, {"times": 1})
        document = {
            **self._document(unit, parked_id, delivery, bodiless=bodiless),
            "reason": reason, "errors": list(errors), "edge": edge,
            "name": sealed(unit, parked_id, "name", name.encode()) if name else None,
        }  # fmt: skip
        if found is None:
            unit.register_insert("parked", {"_id": parked_id, **document, "times": 1, "first_parked_at": unit.now})
            return parked_id
        # Its bytes are stored again: they are gone if it was dropped before.
        again = {"$set": document, "$inc": {"times": 1}}
        unit.register_update("parked", {"_id": parked_id, "times": found["times"]}, again)
        return parked_id

    def id_of(self, unit: Unit, delivery: Delivery, name: str | None = None) -> str:
        """Return where a message is parked.

        Ids of records from before 0.2 follow from a publisher's message id: one is used again for its own replay only.
        """
        replayed = {"_id": delivery.parked_id, "state": "replayed", **GONE}
        if delivery.parked_id and self._collection.find_one(replayed, {"_id": 1}):
            return delivery.parked_id
        identity = f"{delivery.identity}\0{name}" if name else delivery.identity
        return unit.keyring.lookup_hash("parked", identity)[:32]

    def _is_full(self, delivery: Delivery) -> bool:
        """Return True if so much of the account is parked already that no more bodies of it are stored."""
        shelf = self._shelf_of(delivery)
        return self._bounds.are_reached(*(Shelf(self, self._collection, shelf) if shelf else self).load(delivery.user_id))

    def _id_of_more(self, unit: Unit, delivery: Delivery, reason: str) -> str:
        """Return the counter of messages that an account sends beyond its bounds."""
        parts = ("more", delivery.dead_from or delivery.queue, delivery.user_id or "", self._shelf_of(delivery), reason)
        return unit.keyring.lookup_hash("parked", "\0".join(parts))[:32]

    def _shelf_of(self, delivery: Delivery) -> str:
        return delivery.content_type if delivery.content_type in self._apart else ""

    def _document(self, unit: Unit, parked_id: str, delivery: Delivery, *, bodiless: bool) -> dict[str, Any]:
        whole = delivery.size <= MOST_KEPT and not bodiless
        kept = delivery.body if whole else delivery.body[:_BEGINNING]
        return {
            "queue": delivery.dead_from or delivery.queue,
            "routing_key": delivery.routing_key,
            "headers": delivery.carry(),
            "content_type": delivery.content_type,
            "size": delivery.size,
            "digest": unit.keyring.lookup_hash("parked-body", delivery.digest.hex()),
            "whole": whole,
            "scope": scope_of(unit.now),
            "body": None if bodiless else sealed(unit, parked_id, "body", kept),
            "attempts": delivery.attempts + 1,
            "state": "parked",
            "parked_at": unit.now,
        }

    def replay(self, parked_id: str, *, by: Actor, reason: str) -> None:
        """Send it to its queue again, through the outbox; raises NotFound, NotAllowedNow if it cannot be sent now."""
        self._units.run(lambda unit: self._replay(unit, parked_id, by, reason))

    def drop(self, parked_id: str, *, by: Actor, reason: str) -> None:
        """Give it up: its bytes are gone, what it was and who dropped it stays; raises NotFound, NotAllowedNow."""
        self._units.run(lambda unit: self._drop(unit, parked_id, by, reason))

    def overdue(self, before: datetime) -> tuple[int, datetime | None]:
        """Return how many here were parked before this, and since when the oldest is."""
        late = {"state": "parked", "parked_at": {"$lte": before}}
        oldest = self._collection.find_one(late, {"parked_at": 1}, sort=[("parked_at", ASCENDING)])
        return self._collection.count_documents(late), oldest["parked_at"] if oldest else None

    def expire(self, before: datetime, policy_version: str) -> int:
        """Discard messages parked before this, each in a unit of its own. Returns how many. Processes may do it concurrently."""
        late = self._collection.find({"state": "parked", "parked_at": {"$lte": before}}, {"_id": 1}).limit(_AT_ONCE)
        ids = [each["_id"] for each in late]
        for parked_id in ids:
            self._units.run(lambda unit, at=parked_id: self._expire(unit, at, policy_version))  # type: ignore[misc]
        self._units.run(self._shred_emptied)
        return len(ids)

    def _expire(self, unit: Unit, parked_id: str, policy_version: str) -> None:
        everything = ParkedRecords(self._collection, {})
        if everything.find(parked_id)["state"] != PARKED:
            return
        everything.end_parking(unit, parked_id, EXPIRED)
        unit.audit("parked.expired", subject=parked_id, actor=_ACTOR, detail={"policy_version": policy_version})

    def _shred_emptied(self, unit: Unit) -> None:
        """Destroy the keys of past months under which no message is sealed any more."""
        for scope in unit.keyring.scopes(SCOPES):
            holds = {"scope": scope, "body": {"$ne": None}}
            if scope != scope_of(unit.now) and self._collection.find_one(holds, {"_id": 1}) is None:
                unit.destroy_key(scope)
                unit.audit("key.destroyed", subject=scope, actor=_ACTOR)

    def _replay(self, unit: Unit, parked_id: str, by: Actor, reason: str) -> None:
        found = self.end_parking(unit, parked_id, REPLAYED)
        body = body_of(unit, found)
        if not found["queue"].startswith(f"{self._service}."):
            raise NotAllowedNow("This message died in an outsider's queue; an outsider gets it by catching up.", slug="not-ours")
        unit.raws.append(
            Raw(
                id=f"{parked_id}:{found['times']}",
                to=REDELIVER_EDGE if found["edge"] else REDELIVER,
                routing_key=found["queue"],
                body=body,
                content_type=found["content_type"],
                headers={**found["headers"], PARKED_ID: parked_id},
            )
        )
        unit.audit("parked.replayed", subject=parked_id, actor=by, detail={"reason": reason})

    def _drop(self, unit: Unit, parked_id: str, by: Actor, reason: str) -> None:
        self.end_parking(unit, parked_id, DROPPED)
        unit.audit("parked.dropped", subject=parked_id, actor=by, detail={"reason": reason})


class Shelf(ParkedRecords):
    """Parked messages of one content type that a service looks after by itself, in its own units of work."""

    def __init__(self, parking: Parking, collection: Collection[dict[str, Any]], content_type: str) -> None:
        super().__init__(collection, {"content_type": content_type})
        self._parking = parking

    def oldest(self) -> datetime | None:
        """Return when the one that has waited longest was first parked."""
        wanted = {**self._which, "state": PARKED}
        found = self._collection.find_one(wanted, {"first_parked_at": 1}, sort=[("parked_at", ASCENDING)])
        return found["first_parked_at"] if found else None

    def is_waiting(self, unit: Unit, delivery: Delivery, name: str | None) -> bool:
        """Return True if this very message is parked already."""
        return bool(self.list(1, PARKED, {"_id": self._parking.id_of(unit, delivery, name)}))

    def park(self, unit: Unit, delivery: Delivery, name: str | None, *, reason: str, errors: Sequence[dict[str, str]]) -> str:
        """Register a message's parking; gives its id."""
        return self._parking.park(unit, delivery, reason=reason, errors=errors, edge=True, name=name, has_room=True)


def shown(document: dict[str, Any]) -> dict[str, Any]:
    """Return a record as an operator sees it, without its body."""
    values = {name: document.get(name) for name in _FIELDS}
    for name in ("parked_at", "first_parked_at"):
        values[name] = document[name].isoformat()
    return {"id": document["_id"], **values, "whole": document.get("whole", True)}
