"""The chains of the audit trail: their verification, and the heads that services hold of one another."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import ValidationError, fields, validate

from ngao.chassis.errors import InvalidInput
from ngao.chassis.handlers.context import Parts
from ngao.chassis.handlers.declaring import http
from ngao.chassis.http.answers import NUMBER, OBJECT, TEXT, TRUTH, answer
from ngao.chassis.http.auditing import itself, lists, nothing
from ngao.chassis.http.call import Call
from ngao.chassis.http.reasons import Reasoned
from ngao.chassis.security.audit import CHAINS, Broken, Head
from ngao.chassis.security.audit_search import Sought, codes_of
from ngao.chassis.storage import held_heads
from ngao.contracts import INTERNAL, Moment, Pattern, Strict, Tolerant, field_errors

_MOST_NOTED, _MOST_FOUND = 1000, 500
_CHAINS_ALONE = nothing("Numbers and hashes of the chains, nothing of what is on record.")


class NotedHead(Tolerant):
    """Where a chain was when it was noted; other fields of a note are not needed."""

    chain = fields.Integer(required=True, strict=True, validate=validate.Range(0, CHAINS - 1), metadata=INTERNAL)
    n = fields.Integer(required=True, strict=True, validate=validate.Range(0, 10**12), metadata=INTERNAL)
    hash = fields.String(required=True, validate=Pattern("^[0-9a-f]{64}$"), metadata=INTERNAL)


class NotedHeads(Strict):
    """Heads that were noted earlier, of any moments."""

    heads = fields.List(fields.Nested(NotedHead), required=True, validate=validate.Length(0, _MOST_NOTED), metadata=INTERNAL)


class AuditSearch(Strict):
    """Which entries are sought; each text is compared whole."""

    subject = fields.String(validate=validate.Length(1, 200), metadata=INTERNAL)
    actor = fields.String(validate=Pattern(r"^[a-z_]{2,20}:[A-Za-z0-9_.-]{1,80}$"), metadata=INTERNAL)
    action = fields.String(validate=Pattern(r"^[a-z_.]{3,60}$"), metadata=INTERNAL)
    since = Moment(metadata=INTERNAL)
    until = Moment(metadata=INTERNAL)
    limit = fields.Integer(load_default=100, validate=validate.Range(1, _MOST_FOUND), metadata=INTERNAL)


KeyedFrom = answer("KeyedFrom", "From which entry on a chain is keyed.", chain=NUMBER, n=NUMBER)
Verified = answer(
    "Verified", "Whether the audit trail is whole; if not, the first entry that does not hold.", whole=TRUTH, chain=NUMBER,
    n=NUMBER, reason=TEXT, entries=NUMBER, unkeyed=NUMBER, keyed_from=KeyedFrom,
)  # fmt: skip
HeldHead = answer("HeldHead", "A head of another service.", of=TEXT, at=TEXT, chain=NUMBER, n=NUMBER, hash=TEXT, moved=TRUTH)
HeldHeads = answer("HeldHeads", "The heads of the other services that this one holds.", held=HeldHead)
ChainHead = answer("ChainHead", "Where a chain is.", chain=NUMBER, n=NUMBER, hash=TEXT, key=TEXT)
ChainHeads = answer("ChainHeads", "Where the chains are.", heads=ChainHead)

AuditEntry = answer(
    "AuditEntry", "Who did what to what, and when. `detail` has codes, counts and references, and no words that a person typed.",
    chain=NUMBER, n=NUMBER, at=TEXT, action=TEXT, subject=TEXT, actor=TEXT, detail=OBJECT,
)  # fmt: skip
AuditEntries = answer("AuditEntries", "Entries of the audit trail, the newest first.", entries=AuditEntry)


@http.get("/v1/audit/entries", roles="operator", scope="audit:read", audit=lists("entries"), returns=AuditEntries)
def search_audit(
    parts: Parts[Any], *, subject: str | None = None, actor: str | None = None, action: str | None = None,
    since: str | None = None, until: str | None = None, limit: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Search the audit trail: who did or saw what.

    The newest first; `?subject=&actor=&action=&since=&until=&limit=`. `actor` is a kind and an id, such as `operator:amina`.
    Raises InvalidInput, and Unavailable if a search without a subject takes too long.
    """
    query = {"subject": subject, "actor": actor, "action": action, "since": since, "until": until, "limit": limit}
    try:
        wanted = AuditSearch().load({name: value for name, value in query.items() if value is not None})
    except ValidationError as error:
        found = field_errors(error.messages)
        raise InvalidInput("The query is invalid: `errors` names every parameter.", found, status=400) from None
    most = wanted.pop("limit")
    return {"entries": [_shown(each) for each in parts.chassis.journal.search(Sought(**wanted), most)]}


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


def _shown(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {**entry, "at": entry["at"].isoformat(timespec="milliseconds"), "detail": codes_of(entry["detail"])}


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
