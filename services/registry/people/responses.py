"""What operators send to the registry and what it answers."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from ngao.contracts.classes import INTERNAL, SENSITIVE, Moment, Pattern, Strict, Tolerant
from ngao.contracts.codes import PURPOSES, SCOPES
from ngao.contracts.schemas.report import Attributes, ContactSafety
from ngao.kernel.consent import Statement
from services.registry.cases.model import Case
from services.registry.people.identity import Identity
from services.registry.people.model import Person, Restriction
from services.registry.people.read import Record, Review, SafeContact
from services.registry.people.resolution import Candidate

_PARTNER = Pattern(r"^[a-z][a-z0-9-]{1,40}$", error="format|Must be a partner id.")
_SOURCE = Pattern(r"^[a-z][a-z0-9-]{1,40}$", error="format|Must be a source id.")
_CASE = Pattern(r"^NG-[0-9A-HJKMNP-TV-Z]{10}$", error="format|Must be a case reference.")
_DEFENDER = Pattern(r"^DEF-[0-9A-HJKMNP-TV-Z]{10}$", error="format|Must be a defender reference.")


class RestrictionRequest(Strict):
    """Never refer this person to this partner; the reason is a code of policy."""

    partner_id = fields.String(required=True, validate=_PARTNER, metadata=INTERNAL)
    reason = fields.String(required=True, validate=validate.Length(max=64), metadata=INTERNAL)


class ConsentRequest(Strict):
    """What the person told an operator. Without `case_ref` it holds for all their cases; without `recipient` for anyone.

    A withdrawal with an empty scope takes back the whole purpose.
    """

    granted = fields.Boolean(required=True, metadata=INTERNAL)
    purpose = fields.String(required=True, validate=validate.OneOf(PURPOSES), metadata=INTERNAL)
    scope = fields.List(fields.String(validate=validate.OneOf(SCOPES)), load_default=list, metadata=INTERNAL)
    recipient = fields.String(load_default=None, validate=_PARTNER, metadata=INTERNAL)
    until = Moment(load_default=None, metadata=INTERNAL)
    case_ref = fields.String(load_default=None, validate=_CASE, metadata=INTERNAL)

    @validates_schema
    def no_end_of_a_withdrawal(self, data: dict[str, Any], **_: object) -> None:
        """A withdrawal that ends by itself would be a consent nobody gave."""
        if not data.get("granted", True) and data.get("until"):
            raise ValidationError("not_allowed|A withdrawal has no end.", "until")


class LinkRequest(Strict):
    """Which of the suggested persons it is."""

    defender_ref = fields.String(required=True, validate=_DEFENDER, metadata=INTERNAL)


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
    """What must be read before anybody contacts the person."""

    code = fields.String(metadata=INTERNAL)
    text = fields.String(metadata=INTERNAL)


class ContactShown(Tolerant):
    """How one case says that its person can be contacted; without the scope `identity:read` the cautions only.

    A case that is withdrawn or says nothing has one caution: do not contact.
    """

    case_ref = fields.String(metadata=INTERNAL)
    cautions = fields.List(fields.Nested(CautionShown), metadata=INTERNAL)
    safety = fields.Nested(ContactSafety, allow_none=True, metadata=SENSITIVE)
    attributes = fields.Nested(Attributes, metadata=SENSITIVE)


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
    """A defender's record; `masked` tells whether values are hidden."""

    defender_ref = fields.String(metadata=INTERNAL)
    records = fields.List(fields.String(), metadata=INTERNAL)
    masked = fields.Boolean(metadata=INTERNAL)
    contact = fields.List(fields.Nested(ContactShown), metadata=SENSITIVE)
    identity = fields.Nested(IdentityShown, metadata=SENSITIVE)
    restrictions = fields.List(fields.Nested(RestrictionShown), metadata=INTERNAL)
    consents = fields.List(fields.Nested(StatementShown), metadata=INTERNAL)
    cases = fields.List(fields.Nested(CaseShown), metadata=INTERNAL)


class RestrictionsShown(Tolerant):
    """The person's restrictions after the change."""

    defender_ref = fields.String(metadata=INTERNAL)
    restrictions = fields.List(fields.Nested(RestrictionShown), metadata=INTERNAL)


class CasesTold(Tolerant):
    """Which open cases heard of the change."""

    cases = fields.List(fields.String(), metadata=INTERNAL)


class SuggestionShown(Tolerant):
    """One person it may be, with score (0 to 1) and reasons."""

    defender_ref = fields.String(metadata=INTERNAL)
    score = fields.Float(metadata=INTERNAL)
    reasons = fields.List(fields.String(), metadata=INTERNAL)
    contact = fields.List(fields.Nested(ContactShown), metadata=SENSITIVE)
    identity = fields.Nested(IdentityShown, metadata=SENSITIVE)


class CandidateShown(Tolerant):
    """One case whose person may be known already."""

    case_ref = fields.String(metadata=INTERNAL)
    defender_ref = fields.String(metadata=INTERNAL)
    created_at = fields.AwareDateTime(metadata=INTERNAL)
    masked = fields.Boolean(metadata=INTERNAL)
    contact = fields.List(fields.Nested(ContactShown), metadata=SENSITIVE)
    identity = fields.Nested(IdentityShown, metadata=SENSITIVE)
    suggestions = fields.List(fields.Nested(SuggestionShown), metadata=INTERNAL)


class CandidatesShown(Tolerant):
    """The candidates that wait for a human."""

    candidates = fields.List(fields.Nested(CandidateShown), metadata=INTERNAL)


class Decided(Tolerant):
    """What a human has decided about a candidate."""

    case_ref = fields.String(metadata=INTERNAL)
    defender_ref = fields.String(metadata=INTERNAL)
    verdict = fields.String(metadata=INTERNAL)
    decided_by = fields.String(metadata=INTERNAL)
    decided_at = fields.AwareDateTime(metadata=INTERNAL)


def defender_answer(record: Record) -> dict[str, Any]:
    """`DefenderShown`."""
    return {
        "defender_ref": record.person.ref,
        "records": [each.id for each in record.person.records],
        "masked": record.masked,
        "contact": [_contact(each) for each in record.contact],
        "identity": _identity(record.identity),
        "restrictions": [_restriction(each) for each in record.person.restrictions],
        "consents": [_statement(each) for each in record.person.statements],
        "cases": [_case(each) for each in record.cases],
    }


def restrictions_answer(person: Person) -> dict[str, Any]:
    """`RestrictionsShown`."""
    return {"defender_ref": person.ref, "restrictions": [_restriction(each) for each in person.restrictions]}


def candidates_answer(reviews: list[Review]) -> dict[str, Any]:
    """`CandidatesShown`."""
    return {"candidates": [_review(each) for each in reviews]}


def decided_answer(candidate: Candidate) -> dict[str, Any]:
    """`Decided`."""
    return {
        "case_ref": candidate.id, "defender_ref": candidate.defender_ref, "verdict": str(candidate.verdict),
        "decided_by": candidate.decided_by, "decided_at": candidate.decided_at,
    }


def _review(review: Review) -> dict[str, Any]:
    candidate = review.candidate
    return {
        "case_ref": candidate.id,
        "defender_ref": candidate.defender_ref,
        "created_at": candidate.created_at,
        "masked": review.masked,
        "contact": [_contact(each) for each in review.contact.get(candidate.defender_ref, ())],
        "identity": _identity(review.identity),
        "suggestions": [
            {"defender_ref": each.defender_ref, "score": each.score, "reasons": list(each.reasons),
             "contact": [_contact(one) for one in review.contact.get(each.defender_ref, ())],
             "identity": _identity(review.suggested[each.defender_ref])}
            for each in candidate.suggestions
        ],
    }


def _case(case: Case) -> dict[str, Any]:
    return {
        "case_ref": case.id, "state": str(case.state), "resolution": case.resolution, "received_at": case.received_at,
        "policy_version": case.policy_version,
        "consents": [_statement(each) for each in (*case.reported, *case.statements)],
    }


def _contact(contact: SafeContact) -> dict[str, Any]:
    return {
        "case_ref": contact.case_ref,
        "cautions": [{"code": each.code, "text": each.text} for each in contact.cautions],
        "safety": contact.safety.as_dict() if contact.safety else None,
        "attributes": dict(contact.attributes),
    }


def _identity(identity: Identity) -> dict[str, list[str]]:
    return identity.as_dict()


def _restriction(restriction: Restriction) -> dict[str, Any]:
    return {
        "kind": restriction.kind, "partner_id": restriction.partner_id, "reason": restriction.reason, "since": restriction.since,
    }


def _statement(statement: Statement) -> dict[str, Any]:
    return {
        "granted": statement.granted, "purpose": statement.purpose, "scope": sorted(statement.scope),
        "recipient": statement.recipient, "until": statement.until, "at": statement.at,
    }
