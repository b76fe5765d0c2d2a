"""Parking: where a message stands that cannot be handled, until an operator has seen it.

What is parked keeps its bytes, sealed, with the reason and the number of attempts; it can be replayed to the queue it
came from, or dropped by a named operator with a reason. Both are audited.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bson.binary import Binary
from pymongo import DESCENDING

from ngao.chassis.errors import NotAllowedNow, NotFound
from ngao.chassis.messaging.delivery import PARKED_ID, Delivery
from ngao.chassis.messaging.destinations import REDELIVER, REDELIVER_EDGE
from ngao.chassis.storage.connection import Store
from ngao.chassis.storage.unit_of_work import Raw, Unit
from ngao.chassis.storage.units import Units

_FIELDS = ("queue", "reason", "errors", "attempts", "times", "state", "size", "content_type", "parked_at", "first_parked_at")


class Parking:
    """The parked messages of one service."""

    def __init__(self, store: Store, units: Units) -> None:
        self._parked = store.durable("parked")
        self._units = units

    def park(
        self, unit: Unit, delivery: Delivery, *, reason: str, errors: Sequence[dict[str, str]] = (), edge: bool
    ) -> None:
        """Register a message's parking; one that was parked before stands there again, with its count."""
        parked_id = delivery.parked_id or delivery.fingerprint
        found = self._parked.find_one({"_id": parked_id}, {"times": 1})
        told = {"reason": reason, "errors": list(errors), "edge": edge}
        document = {**self._document(unit, parked_id, delivery), **told}
        if found is None:
            unit.register_insert("parked", {"_id": parked_id, **document, "times": 1, "first_parked_at": unit.now})
            return
        # Its bytes are kept anew: they are gone if it was dropped before.
        again = {"$set": document, "$inc": {"times": 1}}
        unit.register_update("parked", {"_id": parked_id, "times": found["times"]}, again)

    def _document(self, unit: Unit, parked_id: str, delivery: Delivery) -> dict[str, Any]:
        scope = f"parked:{unit.now:%Y-%m}"
        body = unit.sealer.seal(scope, "parked", parked_id, "body", delivery.body)
        return {
            "queue": delivery.dead_from or delivery.queue,
            "routing_key": delivery.routing_key,
            "headers": delivery.carry(),
            "content_type": delivery.content_type,
            "size": len(delivery.body),
            "scope": scope,
            "body": Binary(body),
            "attempts": delivery.attempts + 1,
            "state": "parked",
            "parked_at": unit.now,
        }

    def list(self, limit: int = 100, state: str = "parked") -> list[dict[str, Any]]:
        """The newest messages in a state (`parked`, `replayed`, `dropped`, `all`), without their bodies."""
        wanted = {} if state == "all" else {"state": state}
        found = self._parked.find(wanted, {"body": 0}).sort("parked_at", DESCENDING)
        return [_public(each) for each in found.limit(limit)]

    def count(self) -> int:
        """How many stand here now."""
        return self._parked.count_documents({"state": "parked"})

    def show(self, parked_id: str) -> dict[str, Any]:
        """One of them, without its body; raises NotFound."""
        return _public(self._find(parked_id))

    def replay(self, parked_id: str, *, by: str, reason: str) -> None:
        """Send it to its queue again, through the outbox; raises NotFound, NotAllowedNow if it is not parked now."""
        self._units.run(lambda unit: self._replay(unit, parked_id, by, reason))

    def drop(self, parked_id: str, *, by: str, reason: str) -> None:
        """Give it up: its bytes are gone, what it was and who dropped it stays; raises NotFound, NotAllowedNow."""
        self._units.run(lambda unit: self._drop(unit, parked_id, by, reason))

    def _replay(self, unit: Unit, parked_id: str, by: str, reason: str) -> None:
        found = self._claim(unit, parked_id, {"state": "replayed"})
        body = unit.sealer.open(found["scope"], "parked", parked_id, "body", bytes(found["body"]))
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

    def _drop(self, unit: Unit, parked_id: str, by: str, reason: str) -> None:
        self._claim(unit, parked_id, {"state": "dropped", "body": None})
        unit.audit("parked.dropped", subject=parked_id, actor=by, detail={"reason": reason})

    def _claim(self, unit: Unit, parked_id: str, change: dict[str, Any]) -> dict[str, Any]:
        found = self._find(parked_id)
        if found["state"] != "parked":
            raise NotAllowedNow(f"This message is {found['state']}, not parked.", slug="not-parked")
        unit.register_update("parked", {"_id": parked_id, "state": "parked", "times": found["times"]}, {"$set": change})
        return found

    def _find(self, parked_id: str) -> dict[str, Any]:
        found = self._parked.find_one({"_id": parked_id})
        if found is None:
            raise NotFound("There is no such parked message.")
        return found


def _public(document: dict[str, Any]) -> dict[str, Any]:
    shown = {name: document.get(name) for name in _FIELDS}
    for name in ("parked_at", "first_parked_at"):
        shown[name] = document[name].isoformat()
    return {"id": document["_id"], **shown}
