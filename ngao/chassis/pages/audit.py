"""The chains of the audit trail: their verification, and the heads that services hold of one another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from marshmallow import fields, validate

from ngao.chassis.handlers.context import Parts
from ngao.chassis.handlers.declaring import http
from ngao.chassis.http.answers import NUMBER, TEXT, TRUTH, answer
from ngao.chassis.http.auditing import itself, nothing
from ngao.chassis.http.call import Call
from ngao.chassis.http.reasons import Reasoned
from ngao.chassis.security.audit import CHAINS, Broken, Head
from ngao.chassis.storage import held_heads
from ngao.contracts import INTERNAL, Strict, Tolerant

_MOST_NOTED = 1000
_CHAINS_ALONE = nothing("Numbers and hashes of the chains, nothing of what is on record.")


class NotedHead(Tolerant):
    """Where a chain was when it was noted; other fields of a note are not needed."""

    chain = fields.Integer(required=True, strict=True, validate=validate.Range(0, CHAINS - 1), metadata=INTERNAL)
    n = fields.Integer(required=True, strict=True, validate=validate.Range(0, 10**12), metadata=INTERNAL)
    hash = fields.String(required=True, validate=validate.Regexp("^[0-9a-f]{64}$"), metadata=INTERNAL)


class NotedHeads(Strict):
    """Heads that were noted earlier, of any moments."""

    heads = fields.List(fields.Nested(NotedHead), required=True, validate=validate.Length(0, _MOST_NOTED), metadata=INTERNAL)


KeyedFrom = answer("KeyedFrom", "From which entry on a chain is keyed.", chain=NUMBER, n=NUMBER)
Verified = answer(
    "Verified", "Whether the audit trail is whole; if not, the first entry that does not hold.", whole=TRUTH, chain=NUMBER,
    n=NUMBER, reason=TEXT, entries=NUMBER, unkeyed=NUMBER, keyed_from=KeyedFrom,
)  # fmt: skip
HeldHead = answer("HeldHead", "A head of another service.", of=TEXT, at=TEXT, chain=NUMBER, n=NUMBER, hash=TEXT, moved=TRUTH)
HeldHeads = answer("HeldHeads", "The heads of the other services that this one holds.", held=HeldHead)
ChainHead = answer("ChainHead", "Where a chain is.", chain=NUMBER, n=NUMBER, hash=TEXT, key=TEXT)
ChainHeads = answer("ChainHeads", "Where the chains are.", heads=ChainHead)


@http.get("/v1/audit/verify", roles="operator", scope="audit:read", audit=_CHAINS_ALONE, returns=Verified)
def verify_audit(parts: Parts[Any]) -> dict[str, Any]:
    """Verify that the audit trail is whole.

    Follows every chain; names the first entry that does not hold.
    """
    return _verified(parts)


@http.post("/v1/audit/verify", roles="operator", scope="audit:read", audit=_CHAINS_ALONE, request=NotedHeads, returns=Verified)
def verify_audit_from(parts: Parts[Any], body: dict[str, Any]) -> dict[str, Any]:
    """Verify that the audit trail is whole and passes through heads that were noted earlier.

    `reason` is `noted` where a chain does not reach a noted head, or has another entry in its place.
    """
    return _verified(parts, [Head(**each) for each in body["heads"]])


@http.get("/v1/audit/held", roles="operator", scope="audit:read", audit=_CHAINS_ALONE, returns=HeldHeads)
def show_held_heads(parts: Parts[Any]) -> dict[str, Any]:
    """Show the last heads of the other services' audits, as this service holds them.

    `moved` where what the other service published since contradicts what is held.
    """
    return {"held": held_heads.held(parts.chassis.store)}


@http.post(
    "/v1/audit/held/<service>/accept", roles="operator", scope="audit:write", audit=itself("audit.heads_accepted"),
    request=Reasoned, returns={204: None},
)  # fmt: skip
def accept_heads(parts: Parts[Any], service: str, body: dict[str, str], call: Call) -> None:
    """Hold another service's audit as it is now, because it was restored and the reason is known."""
    parts.chassis.units.run(lambda unit: held_heads.accept(unit, service, by=call.principal.actor, reason=body["reason"]))


@http.get("/v1/audit/heads", roles="operator", scope="audit:read", audit=_CHAINS_ALONE, returns=ChainHeads)
def show_audit_heads(parts: Parts[Any]) -> dict[str, Any]:
    """Show the heads of the audit trail's chains, to be noted elsewhere."""
    return {"heads": [vars(head) for _, head in sorted(parts.chassis.journal.heads().items())]}


def _verified(parts: Parts[Any], noted: Sequence[Head] = ()) -> dict[str, Any]:
    """Verify the chains. A note is its author's statement: only what the chains themselves show becomes the metric."""
    found, metrics = parts.chassis.journal.verify(noted), parts.chassis.metrics
    if isinstance(found, Broken):
        if found.reason != "noted":
            metrics.audit_whole.set(0)
        return {"whole": False, "chain": found.chain, "n": found.n, "reason": found.reason}
    metrics.audit_whole.set(1)
    metrics.audit_verified.set_to_current_time()
    keyed_from = [{"chain": chain, "n": n} for chain, n in sorted(found.keyed_from.items())]
    return {"whole": True, "entries": found.entries, "unkeyed": found.unkeyed, "keyed_from": keyed_from}
