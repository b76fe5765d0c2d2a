"""Find people by a name, a phone or an e-mail. It is a POST, so that no address line and no log holds what was looked for."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from ngao.chassis.errors import InvalidInput
from ngao.chassis.handlers import http, itself
from ngao.contracts import FieldError
from ngao.contracts.classes import INTERNAL, SENSITIVE, Strict, Tolerant
from ngao.contracts.schemas.report import Identity as StatedIdentity
from ngao.kernel.records import from_record, to_record
from services.registry.context import Context
from services.registry.people.finding import person_of
from services.registry.people.identity import Identity
from services.registry.people.model import REGISTRATION, Person
from services.registry.people.names import tokens
from services.registry.people.read import SEES_IDENTITY, as_shown, audit_reading, reader_of_values
from services.registry.people.resolve import normalised
from services.registry.people.responses import IdentityShown
from services.registry.people.showing import Reader

MOST_FOUND = 20
_NAME_WORDS = 2


class Looked(Strict):
    """What is known of the person who is looked for, and why: a code of policy."""

    identity = fields.Nested(StatedIdentity, required=True, metadata=SENSITIVE)
    reason = fields.String(required=True, validate=validate.Length(max=64), metadata=INTERNAL)


class PersonFound(Tolerant):
    """One person. `shares` says what is equal: `phone`, `email`; a similar name shares nothing."""

    defender_ref = fields.String(metadata=INTERNAL)
    shares = fields.List(fields.String(), metadata=INTERNAL)
    registered = fields.Boolean(metadata=INTERNAL)
    identity = fields.Nested(IdentityShown, metadata=SENSITIVE)


class PeopleFound(Tolerant):
    """Who was found, those with an equal phone or e-mail first; `more` is true if there were too many to show."""

    people = fields.List(fields.Nested(PersonFound), metadata=INTERNAL)
    more = fields.Boolean(metadata=INTERNAL)


@http.post(
    "/v1/defenders/find",
    roles="operator",
    scope=SEES_IDENTITY,
    audit=itself("defender.found"),
    request=Looked,
    returns=PeopleFound,
    summary="Find people by name, phone or e-mail.",
)
def find_defenders(ctx: Context, body: dict[str, Any]) -> dict[str, Any]:
    """Return up to twenty people.

    Raises Forbidden, because who finds a person knows that there is a record, and InvalidInput for an unknown reason, or for one
    word of a name alone, which finds too many.
    """
    reader = reader_of_values(ctx, body["reason"])
    stated = from_record(Identity, {name: tuple(values) for name, values in body["identity"].items()})
    identity = normalised(stated, ctx.policy.default_region, ctx.policy.placeholders)
    if not identity.addresses and not any(len(tokens(name)) >= _NAME_WORDS for name in identity.names):
        detail = "Give two words of the name, a phone or an e-mail."
        raise InvalidInput("This would find too many people.", [FieldError("/identity", "too_little", detail)])
    found = _found(ctx, identity)
    for person, _ in found[:MOST_FOUND]:
        audit_reading(ctx, "defender.found", person.ref, reader)
    if not found:
        ctx.audit("defender.found", subject="defenders", detail={"reason": reader.reason, "shown": "none"})
    return {"people": [_shown(*each, reader) for each in found[:MOST_FOUND]], "more": len(found) > MOST_FOUND}


def _found(ctx: Context, identity: Identity) -> list[tuple[Person, frozenset[str]]]:
    shares = ctx.addresses.sharing(identity)
    refs = list(dict.fromkeys((*shares, *ctx.defenders.named_like(identity))))[: 2 * MOST_FOUND]
    ctx.defenders.read(refs)
    people: dict[str, tuple[Person, frozenset[str]]] = {}
    for ref in refs:
        if person := person_of(ctx, ref):
            before = people.get(person.ref, (person, frozenset[str]()))[1]
            people[person.ref] = (person, before | shares.get(ref, frozenset()))
    return list(people.values())


def _shown(person: Person, shares: frozenset[str], reader: Reader) -> dict[str, Any]:
    return {
        "defender_ref": person.ref,
        "shares": sorted(shares),
        "registered": person.is_kept_for(REGISTRATION),
        "identity": to_record(as_shown(person.identity, reader)),
    }
