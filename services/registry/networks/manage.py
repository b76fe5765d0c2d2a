"""Invite a person to a network, record what she agrees to, show her memberships, and end one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from ngao.chassis.errors import InvalidInput, NotAllowedNow
from ngao.chassis.handlers import http, itself
from ngao.contracts import FieldError
from services.registry.context import Context
from services.registry.networks.finding import check_place, known_membership, membership_at, records_of, store
from services.registry.networks.model import Agreed, Membership
from services.registry.networks.responses import Agreement, Invitation, MembershipKept, MembershipsShown, membership_shown
from services.registry.people.finding import known_person
from services.registry.people.keeping import forgets
from services.registry.people.model import Person
from services.registry.people.read import check_reason

READS, WRITES = "members:read", "members:write"


@http.get(
    "/v1/defenders/<ref>/memberships",
    roles="operator",
    scope=READS,
    audit=itself("memberships.read"),
    returns=MembershipsShown,
    summary="Read the memberships of a person; ?reason= is required.",
)
def read_memberships(ctx: Context, ref: str, *, reason: str) -> dict[str, Any]:
    """Show all of them, those that have ended included. Raises NotFound, InvalidInput for an unknown reason."""
    check_reason(reason, ctx.policy.read_reasons)
    person = known_person(ctx, ref)
    found = [each for record in records_of(ctx, person) for each in record.memberships]
    ctx.audit("memberships.read", subject=person.ref, detail={"reason": reason})
    return {"defender_ref": person.ref, "memberships": [membership_shown(each) for each in found]}


@http.post(
    "/v1/defenders/<ref>/memberships",
    roles="operator",
    scope=WRITES,
    audit=itself("membership.invited", "membership.role_changed"),
    request=Invitation,
    returns=MembershipKept,
    summary="Invite a person to a network, or change her role there.",
)
def invite_member(ctx: Context, ref: str, body: dict[str, Any]) -> dict[str, Any]:
    """Record the invitation; until she accepts it no convenor sees anything. The same again changes nothing.

    Raises NotFound, and InvalidInput for a network, hub or role that policy does not have.
    """
    check_place(ctx, **body)
    person = known_person(ctx, ref)
    record, known = membership_at(ctx, person, body["network"], body["hub"])
    if known is None or not known.is_current:
        invited = known.invited_again(body["role"]) if known else Membership(uuid4().hex, **body)
        return _kept(ctx, person, record, invited, "membership.invited")
    if known.role == body["role"]:
        return _answer(person, known)
    changed = Membership(**{**vars(known), "role": body["role"]})
    return _kept(ctx, person, record, changed, "membership.role_changed")


@http.put(
    "/v1/defenders/<ref>/memberships/<membership_id>/agreement",
    roles="operator",
    scope=WRITES,
    audit=itself("membership.agreed"),
    request=Agreement,
    returns=MembershipKept,
    summary="Record that a person accepts an invitation, or what she agrees to from now on.",
)
def record_agreement(ctx: Context, ref: str, membership_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Store it; it counts immediately. What is not named she does not agree to.

    Raises NotFound, NotAllowedNow for a membership that has ended, and InvalidInput for a day in the future.
    """
    person = known_person(ctx, ref)
    record, known = known_membership(ctx, person, membership_id)
    if not known.is_current:
        raise NotAllowedNow("The person has left. Invite her again.", slug="has-left")
    today = today_of(ctx)
    since = body.get("since") or today
    if since > today:
        raise InvalidInput("The day is not valid.", [FieldError("/since", "in_the_future", "Must not be in the future.")])
    return _kept(ctx, person, record, known.agreeing(agreed_of(body), body["how"], since), "membership.agreed")


@http.delete(
    "/v1/defenders/<ref>/memberships/<membership_id>",
    roles="operator",
    scope=WRITES,
    audit=itself("membership.left"),
    returns=MembershipKept,
    summary="End a membership or an invitation.",
)
def end_membership(ctx: Context, ref: str, membership_id: str) -> dict[str, Any]:
    """End it. What remains on her record says only that she has left, so that no list makes her a member again.

    Raises NotFound.
    """
    person = known_person(ctx, ref)
    record, known = known_membership(ctx, person, membership_id)
    if not known.is_current:
        return _answer(person, known)
    return _kept(ctx, person, record, known.ended(today_of(ctx)), "membership.left")


@forgets
def forget_memberships(ctx: Context, ref: str) -> Mapping[str, int]:
    """Remove the memberships of the person of this record."""
    record = ctx.memberships.get(ref)
    if record is None:
        return {}
    ctx.memberships.remove(record)
    return {"memberships": 1}


def agreed_of(body: Mapping[str, Any]) -> Agreed:
    """Return what a request says that the person agrees to."""
    return Agreed(**{name: bool(body.get(name)) for name in Agreed.__dataclass_fields__})


def today_of(ctx: Context) -> date:
    """Return the day that it is where the coalition works."""
    return ctx.now.astimezone(ZoneInfo(ctx.policy.zone)).date()


def _kept(ctx: Context, person: Person, record: Any, membership: Membership, action: str) -> dict[str, Any]:
    store(ctx, person, record, membership)
    agreed = ",".join(name for name, given in vars(membership.agreed).items() if given)
    ctx.audit(action, subject=person.ref, detail={"membership": membership.id, "agreed": agreed or "nothing"})
    return _answer(person, membership)


def _answer(person: Person, membership: Membership) -> dict[str, Any]:
    return {"defender_ref": person.ref, "membership_id": membership.id, "state": str(membership.state)}
