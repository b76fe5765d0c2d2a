"""Restrictions: partners to whom a person must never be referred."""

from __future__ import annotations

from typing import Any

from ngao.chassis.errors import NotFound
from ngao.chassis.handlers import always, http, itself
from services.registry.context import Context
from services.registry.disclosure.disclose import disclose_again
from services.registry.people.finding import known_person, open_cases_touched_by
from services.registry.people.model import Person, Restriction
from services.registry.people.publishing import publish_person
from services.registry.people.read import check_reason
from services.registry.people.responses import RestrictionRequest, RestrictionsShown, restrictions_answer


@http.post(
    "/v1/defenders/<ref>/restrictions",
    roles="operator",
    scope="restrictions:write",
    audit=itself("restriction.added"),
    request=RestrictionRequest,
    returns=RestrictionsShown,
    summary="Never refer this person to this partner.",
)
def add_restriction(ctx: Context, ref: str, body: dict[str, Any]) -> dict[str, Any]:
    """Add it and publish it to every open case; an existing one changes nothing. Raises NotFound, InvalidInput."""
    partner_id, reason = body["partner_id"], body["reason"]
    check_reason(reason, ctx.policy.restriction_reasons)
    person = known_person(ctx, ref)
    if person.is_restricted(partner_id):
        return restrictions_answer(person)
    person.root.restrict(Restriction(partner_id, reason, ctx.now))
    ctx.defenders.save(person.root)
    ctx.audit("restriction.added", subject=person.ref, detail={"partner_id": partner_id, "reason": reason})
    _publish_to_cases(ctx, person)
    return restrictions_answer(person)


@http.delete(
    "/v1/defenders/<ref>/restrictions/<partner_id>",
    roles="operator",
    scope="restrictions:write",
    audit=itself("restriction.lifted"),
    two_person=always,
    returns=RestrictionsShown,
    summary="Lift a restriction.",
)
def lift_restriction(ctx: Context, ref: str, partner_id: str) -> dict[str, Any]:
    """Lift it on every record of the person and publish that to every open case. Raises NotFound when there is none."""
    person = known_person(ctx, ref)
    changed = [record for record in person.records if record.lift(partner_id)]
    if not changed:
        raise NotFound("The defender has no such restriction.")
    for record in changed:
        ctx.defenders.save(record)
    ctx.audit("restriction.lifted", subject=person.ref, detail={"partner_id": partner_id})
    _publish_to_cases(ctx, person)
    return restrictions_answer(person)


def _publish_to_cases(ctx: Context, person: Person) -> None:
    """Write each case as well: a disclosure at the same moment must conflict with this and be decided again."""
    for case in open_cases_touched_by(ctx, person):
        ctx.cases.save(case)
        publish_person(ctx, case)
        disclose_again(ctx, case)
