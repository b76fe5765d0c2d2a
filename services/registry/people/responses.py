"""Requests and responses of the registry."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from marshmallow import fields, validate

from ngao.chassis.http.filling import fill
from ngao.contracts.classes import INTERNAL, SENSITIVE, Pattern, Strict, Tolerant
from ngao.contracts.schemas.report import Attributes, ContactSafety, SafeHours
from ngao.kernel.consent import Statement
from ngao.kernel.ids import WHOLE_ID
from services.registry.cases.model import Case
from services.registry.people.model import REGISTRATION, Person
from services.registry.people.showing import PersonShown

_PARTNER = Pattern(WHOLE_ID, error="format|Must be a partner id.")
_SOURCE = Pattern(WHOLE_ID, error="format|Must be a source id.")


class RestrictionRequest(Strict):
    """Never refer this person to this partner; the reason is a code of policy."""

    partner_id = fields.String(required=True, validate=_PARTNER, metadata=INTERNAL)
    reason = fields.String(required=True, validate=validate.Length(max=64), metadata=INTERNAL)


class SourceRequest(Strict):
    """The source that is given a reference of its own."""

    source_id = fields.String(required=True, validate=_SOURCE, metadata=INTERNAL)


class ReferenceShown(Tolerant):
    """The reference by which this source, and no other, may report about the person again."""

    source_id = fields.String(metadata=INTERNAL)
    reference = fields.String(metadata=INTERNAL)


class IdentityShown(Tolerant):
    """Identity as this operator may see it."""

    names = fields.List(fields.String(), metadata=SENSITIVE)
    phones = fields.List(fields.String(), metadata=SENSITIVE)
    emails = fields.List(fields.String(), metadata=SENSITIVE)


class CautionShown(Tolerant):
    """What must be read before anyone contacts the person."""

    code = fields.String(metadata=INTERNAL)
    text = fields.String(metadata=INTERNAL)


class ContactShown(Tolerant):
    """How one case says that its person can be contacted; without the scope `identity:read` the cautions only.

    A case that is withdrawn or says nothing has one caution: do not contact.
    """

    case_ref = fields.String(metadata=INTERNAL)
    cautions = fields.List(fields.Nested(CautionShown), metadata=INTERNAL)
    channels = fields.List(fields.String(), metadata=INTERNAL)
    safety = fields.Nested(ContactSafety, allow_none=True, metadata=SENSITIVE)
    attributes = fields.Nested(Attributes, metadata=SENSITIVE)


class WayShown(Tolerant):
    """One contact that officers confirmed, with its own rules. `why_not` says why it may not be used now; empty if it may."""

    channel = fields.String(metadata=INTERNAL)
    address = fields.String(metadata=SENSITIVE)
    hours = fields.List(fields.Nested(SafeHours), metadata=SENSITIVE)
    zone = fields.String(metadata=SENSITIVE)
    who_answers = fields.String(metadata=SENSITIVE)
    shared_device = fields.Boolean(metadata=SENSITIVE)
    low_detail = fields.Boolean(metadata=SENSITIVE)
    voicemail = fields.String(metadata=SENSITIVE)
    caller_name = fields.String(metadata=SENSITIVE)
    code_word = fields.String(allow_none=True, metadata=SENSITIVE)
    stop_word = fields.String(allow_none=True, metadata=SENSITIVE)
    instructions = fields.String(allow_none=True, metadata=SENSITIVE)
    why_not = fields.String(metadata=INTERNAL)


class ContactRead(Tolerant):
    """Whom to contact for a case, and how it is safe. Where it is `refused`, a second reason shows identity and safety.

    `zone` is the time zone in which the hours were compared with now.
    """

    case_ref = fields.String(metadata=INTERNAL)
    refused = fields.String(allow_none=True, metadata=INTERNAL)
    zone = fields.String(metadata=INTERNAL)
    cautions = fields.List(fields.Nested(CautionShown), metadata=INTERNAL)
    hours = fields.List(fields.Nested(SafeHours), metadata=SENSITIVE)
    safety = fields.Nested(ContactSafety, allow_none=True, metadata=SENSITIVE)
    identity = fields.Nested(IdentityShown, allow_none=True, metadata=SENSITIVE)
    ways = fields.List(fields.Nested(WayShown), metadata=SENSITIVE)


class ReadingShown(Tolerant):
    """One time that an operator saw values: `action` is the operation's; `despite` the second reason, where one was needed."""

    by = fields.String(metadata=INTERNAL)
    at = fields.AwareDateTime(metadata=INTERNAL)
    action = fields.String(metadata=INTERNAL)
    reason = fields.String(metadata=INTERNAL)
    despite = fields.String(metadata=INTERNAL)


class ReadingsShown(Tolerant):
    """How often operators saw a person's values, and the last times; nothing of the person."""

    times = fields.Integer(metadata=INTERNAL)
    readings = fields.List(fields.Nested(ReadingShown), metadata=INTERNAL)


class StatementShown(Tolerant):
    """One consent or withdrawal."""

    granted = fields.Boolean(metadata=INTERNAL)
    purpose = fields.String(metadata=INTERNAL)
    scope = fields.List(fields.String(), metadata=INTERNAL)
    recipient = fields.String(allow_none=True, metadata=INTERNAL)
    until = fields.AwareDateTime(allow_none=True, metadata=INTERNAL)
    at = fields.AwareDateTime(metadata=INTERNAL)


class RestrictionShown(Tolerant):
    """One restriction."""

    kind = fields.String(metadata=INTERNAL)
    partner_id = fields.String(metadata=INTERNAL)
    reason = fields.String(metadata=INTERNAL)
    since = fields.AwareDateTime(metadata=INTERNAL)


class CaseShown(Tolerant):
    """One of the person's cases."""

    case_ref = fields.String(metadata=INTERNAL)
    state = fields.String(metadata=INTERNAL)
    resolution = fields.String(metadata=INTERNAL)
    received_at = fields.AwareDateTime(metadata=INTERNAL)
    policy_version = fields.String(metadata=INTERNAL)
    consents = fields.List(fields.Nested(StatementShown), metadata=INTERNAL)


class DefenderShown(Tolerant):
    """A defender's record; `masked` is true if values are hidden, `registered` if an operator has registered the person."""

    defender_ref = fields.String(metadata=INTERNAL)
    records = fields.List(fields.String(), metadata=INTERNAL)
    masked = fields.Boolean(metadata=INTERNAL)
    registered = fields.Boolean(metadata=INTERNAL)
    contact = fields.List(fields.Nested(ContactShown), metadata=SENSITIVE)
    identity = fields.Nested(IdentityShown, metadata=SENSITIVE)
    restrictions = fields.List(fields.Nested(RestrictionShown), metadata=INTERNAL)
    consents = fields.List(fields.Nested(StatementShown), metadata=INTERNAL)
    cases = fields.List(fields.Nested(CaseShown), metadata=INTERNAL)


class RestrictionsShown(Tolerant):
    """The person's restrictions after the change."""

    defender_ref = fields.String(metadata=INTERNAL)
    restrictions = fields.List(fields.Nested(RestrictionShown), metadata=INTERNAL)


def defender_answer(shown: PersonShown) -> dict[str, Any]:
    """Return a person as `DefenderShown`."""
    return fill(
        DefenderShown,
        shown,
        defender_ref=shown.person.ref,
        records=[record.id for record in shown.person.records],
        registered=shown.person.is_kept_for(REGISTRATION),
        restrictions=_restrictions(shown.person),
        consents=_statements(shown.person.statements),
        cases=[_case(case) for case in shown.cases],
    )


def restrictions_answer(person: Person) -> dict[str, Any]:
    """Return restrictions as `RestrictionsShown`."""
    return {"defender_ref": person.ref, "restrictions": _restrictions(person)}


def _restrictions(person: Person) -> list[dict[str, Any]]:
    return [fill(RestrictionShown, restriction) for restriction in person.restrictions]


def _statements(statements: Iterable[Statement]) -> list[dict[str, Any]]:
    return [fill(StatementShown, statement, scope=sorted(statement.scope)) for statement in statements]


def _case(case: Case) -> dict[str, Any]:
    return fill(CaseShown, case, case_ref=case.id, consents=_statements((*case.reported, *case.statements)))
