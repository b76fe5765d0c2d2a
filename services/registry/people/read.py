"""Read a defender's record: with a reason, audited, masked unless the operator has the right to see values for that reason."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from ngao.chassis.errors import Forbidden, InvalidInput
from ngao.chassis.handlers import http, itself
from ngao.chassis.security.identity import Principal
from ngao.contracts import DataClass, FieldError
from ngao.kernel.scopes import EVERY_RECORD
from services.registry.cases.model import Case, CaseState
from services.registry.contact.standing import OfficersWord, officers_word
from services.registry.context import Context
from services.registry.people.cautions import cautions_of
from services.registry.people.finding import case_of_a_person, cases_of, known_person, who_may_be
from services.registry.people.identity import Identity
from services.registry.people.model import Person
from services.registry.people.responses import DefenderShown, defender_answer
from services.registry.people.showing import PersonShown, Reader, SafeContact

SEES_IDENTITY = "identity:read"
_SHORTEST_IN_PART = 8
"""A number of fewer signs is masked whole."""


@http.get(
    "/v1/defenders/<ref>",
    roles="operator",
    scope="defenders:read",
    audit=itself("defender.read"),
    returns=DefenderShown,
    summary="Read a defender's record; ?reason= is required, values need identity:read.",
)
def read_defender(ctx: Context, ref: str, *, reason: str) -> dict[str, Any]:
    """Show one record. Raises NotFound, and InvalidInput for a reason that policy does not know."""
    return defender_answer(person_shown(ctx, ref, reader_of(ctx, reason)))


@http.get(
    "/v1/defenders",
    roles="operator",
    scope="defenders:read",
    audit=itself("defender.read"),
    returns=DefenderShown,
    summary="Read the record of a case's person: ?case_ref= and ?reason=.",
)
def find_defender(ctx: Context, *, case_ref: str, reason: str) -> dict[str, Any]:
    """Show the record of a case's person. Raises NotFound, also when the case is anonymous."""
    reader = reader_of(ctx, reason)
    return defender_answer(person_shown(ctx, case_of_a_person(ctx, case_ref).defender_ref or "", reader))


def reader_of(ctx: Context, reason: str) -> Reader:
    """Return the caller as a reader. Raises InvalidInput for a reason that policy does not know."""
    check_reason(reason, ctx.policy.read_reasons)
    return Reader(reason, ctx.principal is not None and _sees_identity(ctx.principal, reason))


def reader_of_values(ctx: Context, reason: str, what: str = "names and addresses") -> Reader:
    """Return the caller as a reader who may see values. Raises InvalidInput, and Forbidden, which names what is hidden."""
    reader = reader_of(ctx, reason)
    if not reader.sees_identity:
        raise Forbidden(f"The role of this key does not show {what}.")
    return reader


def _sees_identity(reader: Principal, reason: str) -> bool:
    """Return True if the right to see values covers every person for this reason, and it and that to read show them.

    A person's cases may be of several hubs, so a right that reaches some records only covers no person.
    """
    grant = reader.rights.get(SEES_IDENTITY)
    if grant is None or grant.reach != EVERY_RECORD:
        return False
    return grant.allows(reason) and DataClass.SENSITIVE in grant.sees & reader.grant.sees


def check_reason(reason: str, known: tuple[str, ...]) -> None:
    """Raise InvalidInput for a reason that policy does not know."""
    if reason not in known:
        detail = f"Must be one of: {', '.join(known)}."
        raise InvalidInput("The reason is unknown.", [FieldError("/reason", "unknown_code", detail)])


def person_shown(ctx: Context, ref: str, reader: Reader) -> PersonShown:
    """Return a person as this reader may see them, and audit it. Raises NotFound."""
    person = known_person(ctx, ref)
    audit_reading(ctx, "defender.read", person.ref, reader)
    cases = tuple(cases_of(ctx, person))
    contact = safe_contact(ctx, person, cases, reader)
    return PersonShown(person, as_shown(person.identity, reader), not reader.sees_identity, cases, contact)


def safe_contact(ctx: Context, person: Person, cases: Collection[Case], reader: Reader) -> tuple[SafeContact, ...]:
    """Show the contact of every case that still has it, the newest first: a contact is never shown without its case."""
    known = sorted((case for case in cases if case.state is not CaseState.ERASED), key=lambda each: each.received_at)
    probable = who_may_be(ctx, person)
    return tuple(_safe(case, officers_word(ctx, case, person, probable), reader) for case in reversed(known))


def _safe(case: Case, word: OfficersWord | None, reader: Reader) -> SafeContact:
    stated = case.facts.contact_safety if case.is_open else None
    safety = word.safety if word and case.is_open else stated
    channels = safety.channels if safety and safety.is_safe else ()
    cautions = cautions_of(safety, word.why, overdue=word.overdue) if word else cautions_of(safety)
    if not reader.sees_identity:
        return SafeContact(case.id, cautions, channels)
    return SafeContact(case.id, cautions, channels, safety, case.facts.attributes)


def as_shown(identity: Identity, reader: Reader) -> Identity:
    """Mask an identity, unless this reader may see values."""
    return identity if reader.sees_identity else _masked(identity)


def _masked(identity: Identity) -> Identity:
    """Show enough to distinguish two records, not to name anyone: lengths are hidden."""
    return Identity(
        names=tuple(" ".join(f"{word[:1]}•" for word in name.split()) for name in identity.names),
        phones=tuple(f"•••{_last_digits(phone)}" for phone in identity.phones),
        emails=tuple(f"{address[:1]}•@•" for address in identity.emails),
    )


def _last_digits(phone: str) -> str:
    """Return the last three digits of a number; nothing of one so short that they would be most of it."""
    return phone[-3:] if len(phone) >= _SHORTEST_IN_PART else ""


def audit_reading(ctx: Context, action: str, subject: str, reader: Reader) -> None:
    """Audit that an operator read this, why, and what was shown."""
    detail = {"reason": reader.reason, "shown": "values" if reader.sees_identity else "masked"}
    ctx.audit(action, subject=subject, detail=detail)
