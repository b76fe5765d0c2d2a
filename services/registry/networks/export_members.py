"""Export the members of a hub: those who agreed to be seen, with the contacts of those who agreed to that. Two people decide."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from ngao.chassis.errors import Forbidden
from ngao.chassis.handlers import always, http, itself
from ngao.contracts.classes import INTERNAL, SENSITIVE, Strict, Tolerant
from services.registry.context import Context
from services.registry.networks.finding import check_hub, known_network, members_at
from services.registry.networks.model import SEEN, Membership
from services.registry.networks.table import written
from services.registry.people.model import Person
from services.registry.people.read import check_reason

COLUMNS = ("defender_ref", "name", "phone", "email", "network", "hub", "role", "since", "told_of_cases", "contact")
MOST_EXPORTED = 5000
_CODE = validate.Length(max=64)


class MembersToExport(Strict):
    """Which members, and why: a code of policy. Without a hub, those with a role in the whole network."""

    network = fields.String(required=True, validate=_CODE, metadata=INTERNAL)
    hub = fields.String(load_default="", validate=_CODE, metadata=INTERNAL)
    reason = fields.String(required=True, validate=_CODE, metadata=INTERNAL)


class MembersExported(Tolerant):
    """The members as CSV, and how many there are."""

    table = fields.String(metadata=SENSITIVE)
    members = fields.Integer(metadata=INTERNAL)


@http.post(
    "/v1/members/export",
    roles="operator",
    scope="exports:read",
    audit=itself("members.exported"),
    two_person=always,
    request=MembersToExport,
    returns=MembersExported,
    summary="Export the members of a hub who agreed to be seen.",
)
def export_members(ctx: Context, body: dict[str, Any]) -> dict[str, Any]:
    """Return the table. Raises NotFound, InvalidInput for an unknown hub or reason, Forbidden for a reason not the role's."""
    network, hub, reason = body["network"], body["hub"], body["reason"]
    check_reason(reason, ctx.policy.read_reasons)
    if ctx.principal is None or not ctx.principal.grant.allows(reason):
        raise Forbidden("The role of this key may not give this reason.")
    check_hub(known_network(ctx, network), hub)
    refs = ctx.memberships.at(network, hub, SEEN, MOST_EXPORTED)
    rows = [_row(person, each) for person, each in members_at(ctx, refs, network, hub) if each.is_seen]
    detail = {"network": network, "hub": hub or "none", "reason": reason, "shown": str(len(rows))}
    ctx.audit("members.exported", subject="members", detail=detail)
    return {"table": written(COLUMNS, rows), "members": len(rows)}


def _row(person: Person, membership: Membership) -> dict[str, Any]:
    identity, agreed = person.identity, membership.agreed
    contact = {"phone": identity.phones, "email": identity.emails} if agreed.contact else {}
    return {
        "defender_ref": person.ref,
        "name": next(iter(identity.names), ""),
        **{name: next(iter(values), "") for name, values in contact.items()},
        "network": membership.network,
        "hub": membership.hub,
        "role": membership.role,
        "since": membership.since,
        "told_of_cases": "yes" if agreed.told_of_cases else "no",
        "contact": "yes" if agreed.contact else "no",
    }
