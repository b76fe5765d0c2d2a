"""What one operator asked for and another must approve: kept sealed, for a bounded time, decided once.

An act is `waiting`, then `executed`, `rejected`, `failed` or `expired`. The asker cannot decide. The decision is stored in
the transaction of what the act itself stores, so that an act is never executed twice. What was asked and what it answered are
sealed under a key of the request's own, which is destroyed with the last of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import uuid4

from pymongo import DESCENDING

from ngao.chassis.errors import Forbidden, NgaoError, NotAllowedNow, SealBroken, or_not_found
from ngao.chassis.http.call import Call
from ngao.chassis.http.operation import Operation
from ngao.chassis.settings import ApprovalSettings
from ngao.chassis.storage.connection import Store
from ngao.chassis.storage.unit_of_work import Unit
from ngao.chassis.storage.units import Units
from ngao.kernel.actors import Actor

STATES = ("waiting", "executed", "rejected", "failed", "expired")
COLLECTION = "approvals"
_ASKED = ("operation", "method", "path", "values", "asked_by", "asked_at", "expires_at")
_SHOWN = (*_ASKED, "state", "decided_by", "decided_at", "reason")
_SCOPE = "approval:"
_ACTOR = Actor.system("approvals")
_AT_ONCE = 100


@dataclass(frozen=True)
class Pending:
    """An act that may be executed now: the operation as an operator asked for it; `values` are the variables of its path.

    `roles` and `hubs` are those that a person had who asked at the console; without roles, a key of the command line asked.
    """

    id: str
    asked_by: str
    operation: str
    values: Mapping[str, str]
    query: Mapping[str, str]
    body: bytes
    content_type: str
    roles: tuple[str, ...] = ()
    hubs: tuple[str, ...] = ()


class Approvals:
    """The requests of one service."""

    def __init__(self, store: Store, units: Units, settings: ApprovalSettings) -> None:
        self._kept = store.durable(COLLECTION)
        self._units = units
        self.mode, self._within = settings.mode, timedelta(seconds=settings.within_s)
        """With the mode `two`, acts of two wait for a second operator; on a machine with one operator they do not."""

    def ask(self, declared: Operation, call: Call, values: Mapping[str, str]) -> dict[str, Any]:
        """Store the request, sealed, and return it without its content; `values` are the variables of its path."""
        approval_id, by = uuid4().hex[:16], call.principal.id

        def work(unit: Unit) -> dict[str, Any]:
            expires_at = unit.now + self._within
            asked = {
                "body": call.body.decode(), "content_type": call.content_type, "query": dict(call.query),
                "roles": call.principal.roles, "hubs": sorted(call.principal.hubs),
            }  # fmt: skip
            document = {
                "_id": approval_id, "operation": declared.operation, "method": declared.method, "path": declared.path,
                "needs": declared.scope, "values": dict(values), "asked": _sealed(unit, approval_id, "asked", asked),
                "state": "waiting", "asked_by": by, "asked_at": unit.now, "expires_at": expires_at,
            }  # fmt: skip
            unit.register_insert(COLLECTION, document)
            unit.audit("approval.asked", subject=approval_id, actor=Actor.operator(by), detail={"operation": declared.operation})
            return _public(document)

        return self._units.run(work)

    def list(self, state: str, limit: int) -> list[dict[str, Any]]:
        """Return the newest requests in a state, or in `all`, without their content."""
        wanted = {} if state == "all" else {"state": state}
        return [_public(each) for each in self._kept.find(wanted).sort("asked_at", DESCENDING).limit(limit)]

    def public(self, approval_id: str) -> dict[str, Any]:
        """Return one request, without its content. Raises NotFound."""
        return _public(self._find(approval_id))

    def show(self, approval_id: str, *, by: str) -> dict[str, Any]:
        """Return one request with its content, so that the approving operator knows what it does; audited. Raises NotFound."""

        def work(unit: Unit) -> dict[str, Any]:
            found = self._find(approval_id)
            unit.audit("approval.read", subject=approval_id, actor=Actor.operator(by))
            return {**_public(found), "asked": _opened(unit, found, "asked")["body"] if found.get("asked") else None}

        return self._units.run(work)

    def pending(self, approval_id: str, *, by: str) -> Pending:
        """Return a request that this operator may approve. Raises NotFound, NotAllowedNow, Forbidden for the asking operator."""
        unit = self._units.read()
        found = self._waiting(unit, approval_id)
        if found["asked_by"] == by:
            raise SameOperator("Another operator than the one who asked has to approve this.")
        try:
            asked = _opened(unit, found, "asked")
        except SealBroken:
            self._waiting(unit, approval_id)  # another operator has decided meanwhile, and its key is gone; else it is broken
            raise
        body, operation, values = asked["body"].encode(), found["operation"], found["values"]
        roles, hubs = tuple(asked.get("roles", ())), tuple(asked.get("hubs", ()))  # absent from requests of 0.1.0
        return Pending(
            approval_id, found["asked_by"], operation, values, asked["query"], body, asked["content_type"], roles, hubs
        )

    def execute(self, pending: Pending, work: Callable[[], Any], *, by: str) -> Any:
        """Do the act and note it in the same transaction. An error ends the request as `failed`, unless a retry can help."""
        decide = partial(self._decide, approval_id=pending.id, by=by)
        note = partial(decide, state="executed", more={})
        try:
            with self._units.beside(note) as noted:
                result = work()
                if not noted():
                    self._units.run(note)
        except NgaoError as error:
            if not error.retryable:
                self._units.run(partial(decide, state="failed", more={"reason": error.slug}))
            raise
        return result

    def keep_result(self, approval_id: str, result: Any) -> None:
        """Store the act's answer, sealed, until the operator who asked takes it or it expires."""

        def work(unit: Unit) -> None:
            until = unit.now + self._within
            change = {"$set": {"result": _sealed(unit, approval_id, "result", result), "expires_at": until}}
            unit.register_update(COLLECTION, {"_id": approval_id, "state": "executed"}, change)

        self._units.run(work)

    def take_result(self, approval_id: str, *, by: str) -> Any:
        """Return the act's answer, once, and only to the operator who asked. Raises NotFound, NotAllowedNow."""

        def work(unit: Unit) -> Any:
            found = self._find(approval_id)
            if found["asked_by"] != by or not found.get("result"):
                raise NotAllowedNow("There is no result here for you, or it was taken before.", slug="no-result")
            result = _opened(unit, found, "result")
            unit.register_update(COLLECTION, {"_id": approval_id, "result": found["result"]}, {"$unset": {"result": ""}})
            unit.destroy_key(_scope(approval_id))
            unit.audit("approval.result_taken", subject=approval_id, actor=Actor.operator(by))
            return result

        return self._units.run(work)

    def reject(self, approval_id: str, *, by: str, reason: str) -> dict[str, Any]:
        """Reject a request; the operator who asked may withdraw it in this way. Raises NotFound, NotAllowedNow."""
        self._units.run(lambda unit: self._decide(unit, approval_id, by, "rejected", {"reason": reason}))
        return self.public(approval_id)

    def expire(self) -> None:
        """Delete undecided requests that have expired, and results that were not taken."""
        now = self._units.read().now
        late = {"expires_at": {"$lte": now}, "$or": [{"state": "waiting"}, {"result": {"$exists": True}}]}
        for each in self._kept.find(late, {"_id": 1}).limit(_AT_ONCE):
            self._units.run(lambda unit, at=each["_id"]: self._expire(unit, at))  # type: ignore[misc]

    def _expire(self, unit: Unit, approval_id: str) -> None:
        found = self._find(approval_id)
        state = "expired" if found["state"] == "waiting" else found["state"]
        change = {"$set": {"state": state}, "$unset": {"asked": "", "result": ""}}
        unit.register_update(COLLECTION, {"_id": approval_id, "state": found["state"]}, change)
        unit.destroy_key(_scope(approval_id))
        unit.audit("approval.expired", subject=approval_id, actor=_ACTOR, detail={"operation": found["operation"]})

    def _decide(self, unit: Unit, approval_id: str, by: str, state: str, more: Mapping[str, str]) -> None:
        found = self._waiting(unit, approval_id)
        change = {"$set": {"state": state, "decided_by": by, "decided_at": unit.now, **more}, "$unset": {"asked": ""}}
        unit.register_update(COLLECTION, {"_id": approval_id, "state": "waiting"}, change)
        unit.destroy_key(_scope(approval_id))
        detail = {"operation": found["operation"], "asked_by": str(Actor.operator(found["asked_by"])), **more}
        unit.audit(f"approval.{state}", subject=approval_id, actor=Actor.operator(by), detail=detail)

    def _waiting(self, unit: Unit, approval_id: str) -> dict[str, Any]:
        found = self._find(approval_id)
        if found["state"] != "waiting" or found["expires_at"] <= unit.now:
            state = "expired" if found["state"] == "waiting" else found["state"]
            raise NotAllowedNow(f"This request is {state}, not waiting.", slug="not-waiting")
        return found

    def _find(self, approval_id: str) -> dict[str, Any]:
        return or_not_found(self._kept.find_one({"_id": approval_id}), "There is no such request.")


class SameOperator(Forbidden):
    """Refuse an approval by the operator who asked."""

    slug = "same-operator"


def _scope(approval_id: str) -> str:
    return f"{_SCOPE}{approval_id}"


def _sealed(unit: Unit, approval_id: str, field: str, value: Any) -> bytes:
    plain = json.dumps(value, default=str).encode()
    return unit.sealer.seal(_scope(approval_id), COLLECTION, approval_id, field, plain)


def _opened(unit: Unit, found: Mapping[str, Any], field: str) -> Any:
    approval_id = found["_id"]
    return json.loads(unit.sealer.open(_scope(approval_id), COLLECTION, approval_id, field, found[field]))


def _public(document: Mapping[str, Any]) -> dict[str, Any]:
    shown = {name: document.get(name) for name in _SHOWN}
    times = {name: value.isoformat() for name, value in shown.items() if isinstance(value, datetime)}
    return {"id": document["_id"], **shown, **times, "result_waits": bool(document.get("result"))}
