"""The pages every service has: health, metrics, its own description, and what waits for an operator."""

from __future__ import annotations

from typing import Any, ClassVar

from marshmallow import fields, validate

from ngao.chassis.approvals.asking import always
from ngao.chassis.approvals.endpoints import ApprovalEndpoints
from ngao.chassis.errors import InvalidInput
from ngao.chassis.http.auditing import itself, lists, nothing, shows
from ngao.chassis.http.entrypoint import Answer, Call, Text, http
from ngao.chassis.http.openapi import describe
from ngao.chassis.http.reasons import Reasoned
from ngao.chassis.messaging.destinations import kept_destinations
from ngao.chassis.messaging.kept import Order
from ngao.chassis.observability import metrics
from ngao.chassis.security.audit import CHAINS, Broken, Head, Verified
from ngao.chassis.storage import held_heads
from ngao.contracts import DataClass, Moment, Strict, Tolerant

_MOST_PARKED = 500
_MOST_NOTED = 1000
_CODES = {"class": DataClass.INTERNAL}
_CHAINS_ALONE = "Numbers and hashes of the chains, nothing of what is on record."
_STATES = ("parked", "replayed", "dropped", "expired", "all")


class _KeptDestination(validate.Validator):
    """One of the destinations that are declared by the time of the call."""

    @property
    def choices(self) -> tuple[str, ...]:
        """As the description of the operation lists them."""
        return kept_destinations()

    def __call__(self, value: str) -> str:
        validate.OneOf(self.choices)(value)
        return value


class ParkedDecision(Reasoned):
    """Why an operator replays or drops a parked message; kept in the audit trail."""


class ReplayOrder(Reasoned):
    """Which of the events that were sent are sent again; kept in the audit trail with the reason."""

    since = Moment(required=True, metadata={"class": DataClass.INTERNAL})
    before = Moment(metadata={"class": DataClass.INTERNAL})
    to = fields.String(validate=_KeptDestination(), metadata={"class": DataClass.INTERNAL})


class RewrapOrder(Strict):
    """Where an earlier answer says to go on; empty to begin."""

    after = fields.String(load_default="", validate=validate.Regexp("^([0-9a-f]{32})?$"), metadata={"class": DataClass.INTERNAL})


class NotedHead(Tolerant):
    """Where a chain was when somebody noted it; other fields of a note are not needed."""

    chain = fields.Integer(required=True, strict=True, validate=validate.Range(0, CHAINS - 1), metadata=_CODES)
    n = fields.Integer(required=True, strict=True, validate=validate.Range(0, 10**12), metadata=_CODES)
    hash = fields.String(required=True, validate=validate.Regexp("^[0-9a-f]{64}$"), metadata=_CODES)


class NotedHeads(Strict):
    """Heads that were noted earlier, of any moments."""

    heads = fields.List(fields.Nested(NotedHead), required=True, validate=validate.Length(0, _MOST_NOTED), metadata=_CODES)


class Accepted(Reasoned):
    """Why the chains of another service's audit are not what they were; kept in the audit trail."""


class ChassisEndpoints(ApprovalEndpoints):
    """Mixed into every service class. The first four run without a worker, so that they answer while all are busy."""

    _description: ClassVar[dict[type, dict[str, Any]]] = {}

    @http("GET", "/healthz", who="anyone", operation="healthz", summary="Whether the process is alive.", inline=True)
    def healthz(self, call: Call) -> Answer:
        """Restart the process when this is not 200."""
        live = call.chassis.health.live()
        return Answer(200 if live else 503, {"status": "ok" if live else "stuck"})

    @http("GET", "/readyz", who="anyone", operation="readyz", summary="Whether it can work, and what is missing.", inline=True)
    def readyz(self, call: Call) -> Answer:
        """Send work only while this is 200."""
        ready, report = call.chassis.health.report()
        return Answer(200 if ready else 503, report)

    @http(
        "GET", "/metrics", who="anyone", operation="metrics", summary="Numbers for Prometheus.", inline=True, inside=True,
    )  # fmt: skip
    def metrics_page(self, call: Call) -> Answer:
        """Counters and gauges of this process."""
        return Text(200, call.chassis.metrics.render(), content_type=metrics.CONTENT_TYPE)

    @http("GET", "/openapi.json", who="anyone", operation="openapi", summary="This document.", inline=True)
    def openapi(self, call: Call) -> Answer:  # noqa: ARG002 - every handler is given its call
        """The service's HTTP interface, made from its entrypoints."""
        known = self._description
        if type(self) not in known:
            known[type(self)] = describe(type(self))
        return Answer(200, known[type(self)])

    @http("GET", "/v1/parked", who="operator", needs="parked:read",
          operation="listParked",
          audit=lists("parked"), query=("state", "limit"), summary="Messages that could not be processed.")
    def list_parked(self, call: Call) -> dict[str, Any]:
        """Newest first; `?state=parked|replayed|dropped|expired|all` and `?limit=1..500`."""
        return {"parked": call.chassis.parking.list(_limit(call), _state(call))}

    @http("GET", "/v1/parked/<parked_id>", who="operator", needs="parked:read",
          operation="showParked",
          audit=shows("parked.read", "parked_id"), summary="One of them, without its content.")
    def show_parked(self, call: Call, parked_id: str) -> dict[str, Any]:
        """Reason, attempts and where it came from."""
        shown: dict[str, Any] = call.chassis.parking.show(parked_id)
        return shown

    @http(
        "POST", "/v1/parked/<parked_id>/replay", who="operator", needs="parked:write", operation="replayParked",
        audit=itself("parked.replayed"), request=ParkedDecision,
        summary="Send a parked message through its queue again.", responses={204: None},
    )  # fmt: skip
    def replay_parked(self, call: Call, parked_id: str) -> Answer:
        """The reason is audited."""
        call.chassis.parking.replay(parked_id, by=call.principal.actor, reason=call.load()["reason"])
        return Answer(204, None)

    @http(
        "POST", "/v1/parked/<parked_id>/drop", who="operator", needs="parked:write", operation="dropParked",
        audit=itself("parked.dropped"), request=ParkedDecision,
        summary="Give a parked message up for good.", responses={204: None}, two_person=always,
    )  # fmt: skip
    def drop_parked(self, call: Call, parked_id: str) -> Answer:
        """The reason is audited."""
        call.chassis.parking.drop(parked_id, by=call.principal.actor, reason=call.load()["reason"])
        return Answer(204, None)

    @http("GET", "/v1/outbox", who="operator", needs="outbox:read",
          operation="showOutbox",
          audit=lists("troubled"), summary="Events the broker has not confirmed yet.")
    def show_outbox(self, call: Call) -> dict[str, Any]:
        """Counts and the age of the oldest."""
        status: dict[str, Any] = call.chassis.outbox_status()
        return status

    @http(
        "POST", "/v1/outbox/replay", who="operator", needs="outbox:write", operation="replayOutbox",
        audit=itself("outbox.replayed"), request=ReplayOrder,
        summary="Send events again that were sent and are kept, with the same ids.",
    )  # fmt: skip
    def replay_outbox(self, call: Call) -> dict[str, Any]:
        """A bounded number at once: while `more` is true, ask again with the `before` of the first answer."""
        asked = call.load()
        order = Order(asked["since"], asked.get("before") or call.chassis.clock.now(), asked.get("to"))
        replayed, more = call.chassis.kept.replay(order, by=call.principal.actor, reason=asked["reason"])
        return {"replayed": replayed, "more": more, "before": order.before.isoformat()}

    @http("GET", "/v1/keys", who="operator", needs="keys:read",
          operation="showKeys",
          audit=nothing("Periods and counts."), summary="The key periods, and what each still wraps.")
    def show_keys(self, call: Call) -> dict[str, Any]:
        """A period that wraps nothing any more can be retired: `ngao keys retire`."""
        shown: dict[str, Any] = call.chassis.rewrapping.status()
        return shown

    @http(
        "POST", "/v1/keys/rewrap", who="operator", needs="keys:write", operation="rewrapKeys",
        audit=itself("keys.rewrapped"), request=RewrapOrder, summary="Wrap data keys of earlier periods under the newest one.",
    )  # fmt: skip
    def rewrap_keys(self, call: Call) -> dict[str, Any]:
        """For a bounded time: while `next` is not null, ask again with it as `after`."""
        done: dict[str, Any] = call.chassis.rewrapping.rewrap(after=call.load()["after"], by=call.principal.actor)
        return done

    @http("GET", "/v1/audit/verify", who="operator", needs="audit:read",
          operation="verifyAudit",
          audit=nothing(_CHAINS_ALONE), summary="Whether the audit trail is whole.")
    def verify_audit(self, call: Call) -> dict[str, Any]:
        """Follows every chain; names the first entry that does not hold."""
        return _verified(call.chassis.audits.verify())

    @http(
        "POST", "/v1/audit/verify", who="operator", needs="audit:read", operation="verifyAuditFrom",
        audit=nothing(_CHAINS_ALONE), request=NotedHeads,
        summary="Whether the audit trail is whole and passes through heads that were noted earlier.",
    )  # fmt: skip
    def verify_audit_from(self, call: Call) -> dict[str, Any]:
        """`reason` is `noted` where a chain does not reach a noted head, or has another entry in its place."""
        return _verified(call.chassis.audits.verify([Head(**each) for each in call.load()["heads"]]))

    @http("GET", "/v1/audit/held", who="operator", needs="audit:read",
          operation="showHeldHeads",
          audit=nothing(_CHAINS_ALONE), summary="The last heads of the other services' audits, as this service holds them.")
    def show_held_heads(self, call: Call) -> dict[str, Any]:
        """`moved` where what the other service published since contradicts what is held."""
        return {"held": held_heads.held(call.chassis.store)}

    @http(
        "POST", "/v1/audit/held/<service>/accept", who="operator", needs="audit:write", operation="acceptHeads",
        audit=itself("audit.heads_accepted"),
        request=Accepted, summary="Hold another service's audit as it is now: it was put back, and it is known why.",
        responses={204: None},
    )  # fmt: skip
    def accept_heads(self, call: Call, service: str) -> Answer:
        """The reason is audited."""
        reason, by = call.load()["reason"], call.principal.actor
        call.chassis.units.run(lambda unit: held_heads.accept(unit, service, by=by, reason=reason))
        return Answer(204, None)

    @http("GET", "/v1/audit/heads", who="operator", needs="audit:read",
          operation="showAuditHeads",
          audit=nothing(_CHAINS_ALONE), summary="Where the chains of the audit trail are now, to be noted elsewhere.")
    def show_audit_heads(self, call: Call) -> dict[str, Any]:
        """Each chain's last number and hash, and the period of the key that made it."""
        return {"heads": [vars(head) for head in call.chassis.audits.heads()]}


def _verified(found: Verified | Broken) -> dict[str, Any]:
    if isinstance(found, Broken):
        return {"whole": False, "chain": found.chain, "n": found.n, "reason": found.reason}
    keyed_from = [{"chain": chain, "n": n} for chain, n in sorted(found.keyed_from.items())]
    return {"whole": True, "entries": found.entries, "unkeyed": found.unkeyed, "keyed_from": keyed_from}


def _limit(call: Call) -> int:
    given = call.query.get("limit", "100")
    if not given.isascii() or not given.isdigit() or not 1 <= int(given[:6]) <= _MOST_PARKED:
        raise InvalidInput(f"limit must be a number from 1 to {_MOST_PARKED}.", slug="invalid-query", status=400)
    return int(given)


def _state(call: Call) -> str:
    state = call.query.get("state", "parked")
    if state not in _STATES:
        raise InvalidInput(f"state must be one of: {', '.join(_STATES)}.", slug="invalid-query", status=400)
    return state
