"""Record what the person agrees to now, for one case or for all, as they said it to an operator."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from ngao.chassis.errors import NotAllowedNow, NotFound
from ngao.chassis.handlers import http, itself
from ngao.contracts.classes import INTERNAL, Moment, Pattern, Strict, Tolerant
from ngao.contracts.codes import PURPOSES, SCOPES
from ngao.kernel.consent import Statement
from ngao.kernel.ids import WHOLE_ID
from ngao.kernel.references import CASE_REF
from services.registry.cases.model import Case
from services.registry.context import Context
from services.registry.disclosure.disclose import disclose_again
from services.registry.people.finding import cases_of, known_person
from services.registry.people.model import Person
from services.registry.people.publishing import publish_consent, publish_person

_PARTNER = Pattern(WHOLE_ID, error="format|Must be a partner id.")
_CASE = Pattern(CASE_REF, error="format|Must be a case reference.")


class ConsentRequest(Strict):
    """The person's statement to an operator. Without `case_ref` it is for all their cases; without `recipient` for anyone.

    A withdrawal with an empty scope withdraws the whole purpose.
    """

    granted = fields.Boolean(required=True, metadata=INTERNAL)
    purpose = fields.String(required=True, validate=validate.OneOf(PURPOSES), metadata=INTERNAL)
    scope = fields.List(fields.String(validate=validate.OneOf(SCOPES)), load_default=list, metadata=INTERNAL)
    recipient = fields.String(load_default=None, validate=_PARTNER, metadata=INTERNAL)
    until = Moment(load_default=None, metadata=INTERNAL)
    case_ref = fields.String(load_default=None, validate=_CASE, metadata=INTERNAL)

    @validates_schema
    def no_end_of_a_withdrawal(self, data: dict[str, Any], **_: object) -> None:
        """Refuse a withdrawal with an end: when it ended, it would become a consent that was never given."""
        if not data.get("granted", True) and data.get("until"):
            raise ValidationError("not_allowed|A withdrawal has no end. Remove this field.", "until")


class CasesTold(Tolerant):
    """The open cases that received the change."""

    cases = fields.List(fields.String(), metadata=INTERNAL)


def _gives(_ctx: Context, ref: str, body: dict[str, Any]) -> bool:  # noqa: ARG001 - it gets what the operation gets
    """Return True for a consent: a withdrawal only protects, so it needs no second operator."""
    return bool(body["granted"])


@http.post(
    "/v1/defenders/<ref>/consents",
    roles="operator",
    scope="consents:write",
    audit=itself("consent.granted", "consent.withdrawn"),
    two_person=_gives,
    request=ConsentRequest,
    returns=CasesTold,
    summary="Record that the person gives or withdraws a consent.",
)
def change_consent(ctx: Context, ref: str, body: dict[str, Any]) -> dict[str, Any]:
    """Store it and publish it to every open case that it concerns. Returns their references. Raises NotFound, NotAllowedNow.

    Every such case is written, so that a disclosure at the same moment conflicts.
    """
    statement = Statement(
        granted=body["granted"],
        purpose=body["purpose"],
        scope=tuple(sorted(set(body["scope"]))),
        at=ctx.now,
        recipient=body["recipient"],
        until=body["until"],
    )
    case_ref = body["case_ref"]
    person = known_person(ctx, ref)
    touched = _touched(ctx, person, case_ref)
    if case_ref is None:
        person.root.record_statement(statement)
        ctx.defenders.save(person.root)
    for case in touched:
        if case_ref is not None:
            case.record_statement(statement)
        else:
            case.record_published([statement])
        ctx.cases.save(case)
        publish_consent(ctx, case, person.ref, statement)
        publish_person(ctx, case)
        disclose_again(ctx, case)
    ctx.audit(
        "consent.granted" if statement.granted else "consent.withdrawn",
        subject=case_ref or person.ref,
        detail={"purpose": statement.purpose, "scope": ",".join(sorted(statement.scope))},
    )
    return {"cases": [case.id for case in touched]}


def _touched(ctx: Context, person: Person, case_ref: str | None) -> list[Case]:
    open_cases = [case for case in cases_of(ctx, person) if case.is_open]
    if case_ref is None:
        return open_cases
    case = ctx.cases.get(case_ref)
    if case is None or case.defender_ref not in {record.id for record in person.records}:
        raise NotFound("The defender has no such case.")
    if not case.is_open:
        raise NotAllowedNow("The report of this case was withdrawn, or its data was erased.")
    return [other for other in open_cases if other.id == case_ref]
