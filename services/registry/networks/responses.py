"""Requests and responses about networks. Which network and hub a person is in is sensitive; that there are hubs is not."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from ngao.contracts.classes import INTERNAL, SENSITIVE, Strict, Tolerant
from services.registry.networks.model import AGREED_HOW, Membership

_CODE = validate.Length(max=64)


class Invitation(Strict):
    """To which hub a person is invited and as what. A role in the whole network has no hub."""

    network = fields.String(required=True, validate=_CODE, metadata=SENSITIVE)
    hub = fields.String(load_default="", validate=_CODE, metadata=SENSITIVE)
    role = fields.String(required=True, validate=_CODE, metadata=SENSITIVE)


class Agreement(Strict):
    """What the person agrees to, how she said it, and since when she is a member. What is left out she does not agree to."""

    seen_by_convenor = fields.Boolean(load_default=False, metadata=INTERNAL)
    told_of_cases = fields.Boolean(load_default=False, metadata=INTERNAL)
    contact = fields.Boolean(load_default=False, metadata=INTERNAL)
    how = fields.String(
        required=True,
        validate=validate.OneOf(AGREED_HOW, error=f"unknown_code|Must be one of: {', '.join(AGREED_HOW)}."),
        metadata=INTERNAL,
    )
    since = fields.Date(metadata=INTERNAL)

    @validates_schema
    def seen_first(self, data: dict[str, Any], **_: object) -> None:
        """Refuse what a convenor could not do: she would have to know of the member."""
        if not data.get("seen_by_convenor"):
            for name in ("told_of_cases", "contact"):
                if data.get(name):
                    raise ValidationError("contradicts|Needs seen_by_convenor.", name)


class AgreedShown(Tolerant):
    """What a member has agreed to."""

    seen_by_convenor = fields.Boolean(metadata=INTERNAL)
    told_of_cases = fields.Boolean(metadata=INTERNAL)
    contact = fields.Boolean(metadata=INTERNAL)


class MembershipShown(Tolerant):
    """One membership; `state` is `invited`, `member` or `left`."""

    membership_id = fields.String(metadata=INTERNAL)
    network = fields.String(metadata=SENSITIVE)
    hub = fields.String(metadata=SENSITIVE)
    role = fields.String(metadata=SENSITIVE)
    state = fields.String(metadata=INTERNAL)
    since = fields.Date(allow_none=True, metadata=INTERNAL)
    left = fields.Date(allow_none=True, metadata=INTERNAL)
    agreed = fields.Nested(AgreedShown, metadata=INTERNAL)


class MembershipsShown(Tolerant):
    """The memberships of one person."""

    defender_ref = fields.String(metadata=INTERNAL)
    memberships = fields.List(fields.Nested(MembershipShown), metadata=INTERNAL)


class MembershipKept(Tolerant):
    """A membership, and how far it has come."""

    defender_ref = fields.String(metadata=INTERNAL)
    membership_id = fields.String(metadata=INTERNAL)
    state = fields.String(metadata=INTERNAL)


class RoleShown(Tolerant):
    """What a person may be in a network; `of` is `hub` or `network`."""

    code = fields.String(metadata=INTERNAL)
    label = fields.Dict(keys=fields.String(), values=fields.String(), metadata=INTERNAL)
    of = fields.String(metadata=INTERNAL)


class HubShown(Tolerant):
    """A hub, and how many of its members have agreed to be seen by its convenors."""

    code = fields.String(metadata=INTERNAL)
    label = fields.Dict(keys=fields.String(), values=fields.String(), metadata=INTERNAL)
    counties = fields.List(fields.String(), metadata=INTERNAL)
    seen = fields.Integer(metadata=INTERNAL)


class NetworkShown(Tolerant):
    """A network with the hubs that the caller reaches."""

    code = fields.String(metadata=INTERNAL)
    label = fields.Dict(keys=fields.String(), values=fields.String(), metadata=INTERNAL)
    roles = fields.List(fields.Nested(RoleShown), metadata=INTERNAL)
    hubs = fields.List(fields.Nested(HubShown), metadata=INTERNAL)


class NetworksShown(Tolerant):
    """All networks."""

    networks = fields.List(fields.Nested(NetworkShown), metadata=INTERNAL)


class SeenMember(Tolerant):
    """A member as her convenor may see her. `cases` are her open ones, empty unless she agreed to that."""

    defender_ref = fields.String(metadata=INTERNAL)
    role = fields.String(metadata=INTERNAL)
    since = fields.Date(metadata=INTERNAL)
    told_of_cases = fields.Boolean(metadata=INTERNAL)
    contact = fields.Boolean(metadata=INTERNAL)
    cases = fields.List(fields.String(), metadata=INTERNAL)


class SeenMembers(Tolerant):
    """The members of one hub who agreed to be seen; `more` is true if there were too many to show."""

    members = fields.List(fields.Nested(SeenMember), metadata=INTERNAL)
    more = fields.Boolean(metadata=INTERNAL)


class MemberShown(MembershipShown):
    """A member of a hub, or one who is invited, as the office sees her."""

    defender_ref = fields.String(metadata=INTERNAL)


class MembersShown(Tolerant):
    """All members of one hub and those who are invited; `more` is true if there were too many to show."""

    members = fields.List(fields.Nested(MemberShown), metadata=INTERNAL)
    more = fields.Boolean(metadata=INTERNAL)


def membership_shown(membership: Membership) -> dict[str, Any]:
    """Return one membership as it is answered."""
    return {
        "membership_id": membership.id,
        "network": membership.network,
        "hub": membership.hub,
        "role": membership.role,
        "state": str(membership.state),
        "since": membership.since,
        "left": membership.left,
        "agreed": vars(membership.agreed),
    }
