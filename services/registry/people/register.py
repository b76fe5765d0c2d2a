"""Register a person whom no report has named yet, and take the registration back."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from ngao.chassis.errors import InvalidInput, NotFound
from ngao.chassis.handlers import http, itself
from ngao.contracts import FieldError
from ngao.contracts.classes import INTERNAL, SENSITIVE, Strict, Tolerant
from ngao.contracts.schemas.report import Identity as StatedIdentity
from ngao.kernel.records import from_record, to_record
from services.registry.context import Context
from services.registry.people.finding import known_person, person_of
from services.registry.people.identity import Identity
from services.registry.people.keeping import keep_for, release
from services.registry.people.model import REGISTRATION, Person
from services.registry.people.resolution import Kind
from services.registry.people.resolve import normalised, record_for, resolution_of


class Registration(Strict):
    """Who the person is, as she states it."""

    identity = fields.Nested(StatedIdentity, required=True, metadata=SENSITIVE)


class ProbableShown(Tolerant):
    """A record that may be the same person's, with score (0 to 1) and reasons."""

    defender_ref = fields.String(metadata=INTERNAL)
    score = fields.Float(metadata=INTERNAL)
    reasons = fields.List(fields.String(), metadata=INTERNAL)


class Registered(Tolerant):
    """The person's reference. `known` is true if a record existed already; `probable` are others that may be hers."""

    defender_ref = fields.String(metadata=INTERNAL)
    known = fields.Boolean(metadata=INTERNAL)
    probable = fields.List(fields.Nested(ProbableShown), metadata=INTERNAL)


class Released(Tolerant):
    """The person's reference; `kept` is true while something else needs the record."""

    defender_ref = fields.String(metadata=INTERNAL)
    kept = fields.Boolean(metadata=INTERNAL)


@http.post(
    "/v1/defenders",
    roles="operator",
    scope="defenders:write",
    audit=itself("defender.registered"),
    request=Registration,
    returns=Registered,
    summary="Register a person without a report.",
)
def register_defender(ctx: Context, body: dict[str, Any]) -> dict[str, Any]:
    """Open a record, or find the one that there is by an equal address and name, and keep it until it is released.

    The same request again finds the same record. What may be another record of hers is only named: a human decides.
    Raises InvalidInput when nothing of what is stated names a person, such as a placeholder.
    """
    stated = from_record(Identity, {name: tuple(values) for name, values in body["identity"].items()})
    identity = normalised(stated, ctx.policy.default_region, ctx.policy.placeholders)
    resolution = resolution_of(ctx, None if identity.is_empty else identity, None)
    record = record_for(ctx, resolution, identity)
    if record is None:
        raise InvalidInput("This names no one.", [FieldError("/identity", "required", "Give a name, a phone or an e-mail.")])
    is_known = resolution.kind is Kind.EXISTING
    if is_known:
        record.add_facts(identity)
        ctx.defenders.save(record)
    person = person_of(ctx, record.id) or Person((record,))
    keep_for(ctx, person, REGISTRATION)
    ctx.audit("defender.registered", subject=person.ref, detail={"known": str(is_known).lower(), "policy": ctx.policy.version})
    return {
        "defender_ref": person.ref,
        "known": is_known,
        "probable": [to_record(suggestion) for suggestion in resolution.suggestions],
    }


@http.delete(
    "/v1/defenders/<ref>/registration",
    roles="operator",
    scope="defenders:write",
    audit=itself("defender.released"),
    returns=Released,
    summary="End the registration of a person: without a case or another need the record is removed by retention.",
)
def release_defender(ctx: Context, ref: str) -> dict[str, Any]:
    """End it. Raises NotFound for a person who is not registered."""
    person = known_person(ctx, ref)
    if not person.is_kept_for(REGISTRATION):
        raise NotFound("The defender is not registered.")
    release(ctx, person, REGISTRATION)
    ctx.audit("defender.released", subject=person.ref)
    return {"defender_ref": person.ref, "kept": not any(record.fading_since for record in person.records)}
