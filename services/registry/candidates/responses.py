"""Requests and responses of the candidates."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from ngao.chassis.http.filling import fill
from ngao.contracts.classes import INTERNAL, SENSITIVE, Pattern, Strict, Tolerant
from ngao.kernel.records import to_record
from ngao.kernel.references import DEFENDER_REF
from services.registry.people.resolution import Candidate
from services.registry.people.responses import ContactShown, IdentityShown
from services.registry.people.showing import Review

_DEFENDER = Pattern(DEFENDER_REF, error="format|Must be a defender reference.")


class LinkRequest(Strict):
    """Which of the suggested persons it is."""

    defender_ref = fields.String(required=True, validate=_DEFENDER, metadata=INTERNAL)


class SuggestionShown(Tolerant):
    """One person it may be, with score (0 to 1) and reasons."""

    defender_ref = fields.String(metadata=INTERNAL)
    reports = fields.Integer(metadata=INTERNAL)
    last_report_at = fields.AwareDateTime(allow_none=True, metadata=INTERNAL)
    restrictions = fields.Integer(metadata=INTERNAL)
    score = fields.Float(metadata=INTERNAL)
    reasons = fields.List(fields.String(), metadata=INTERNAL)
    contact = fields.List(fields.Nested(ContactShown), metadata=SENSITIVE)
    identity = fields.Nested(IdentityShown, metadata=SENSITIVE)


class CandidateShown(Tolerant):
    """One case whose person may be known already; `revision` is what a decision about it names as `seen`.

    `unsure_by` has looked without deciding, and asks others to.
    """

    case_ref = fields.String(metadata=INTERNAL)
    defender_ref = fields.String(metadata=INTERNAL)
    revision = fields.Integer(metadata=INTERNAL)
    verdict = fields.String(metadata=INTERNAL)
    decided_by = fields.String(allow_none=True, metadata=INTERNAL)
    decided_at = fields.AwareDateTime(allow_none=True, metadata=INTERNAL)
    unsure_by = fields.String(allow_none=True, metadata=INTERNAL)
    unsure_at = fields.AwareDateTime(allow_none=True, metadata=INTERNAL)
    reports = fields.Integer(metadata=INTERNAL)
    last_report_at = fields.AwareDateTime(allow_none=True, metadata=INTERNAL)
    restrictions = fields.Integer(metadata=INTERNAL)
    created_at = fields.AwareDateTime(metadata=INTERNAL)
    masked = fields.Boolean(metadata=INTERNAL)
    contact = fields.List(fields.Nested(ContactShown), metadata=SENSITIVE)
    identity = fields.Nested(IdentityShown, metadata=SENSITIVE)
    suggestions = fields.List(fields.Nested(SuggestionShown), metadata=INTERNAL)


class CandidatesShown(Tolerant):
    """The candidates that wait for a human."""

    candidates = fields.List(fields.Nested(CandidateShown), metadata=INTERNAL)


class CandidatesWaiting(Tolerant):
    """How many candidates wait for a human."""

    waiting = fields.Integer(metadata=INTERNAL)


class Decided(Tolerant):
    """What a human has decided about a candidate."""

    case_ref = fields.String(metadata=INTERNAL)
    defender_ref = fields.String(metadata=INTERNAL)
    verdict = fields.String(metadata=INTERNAL)
    decided_by = fields.String(metadata=INTERNAL)
    decided_at = fields.AwareDateTime(metadata=INTERNAL)


class Unsure(Tolerant):
    """Who has looked at a candidate without deciding."""

    case_ref = fields.String(metadata=INTERNAL)
    unsure_by = fields.String(metadata=INTERNAL)
    unsure_at = fields.AwareDateTime(metadata=INTERNAL)


def decided_answer(candidate: Candidate) -> dict[str, Any]:
    """Return a decision as `Decided`."""
    return fill(Decided, candidate, case_ref=candidate.id)


def review_answer(review: Review) -> dict[str, Any]:
    """Return a candidate as `CandidateShown`."""
    candidate = review.candidate
    return fill(
        CandidateShown,
        candidate,
        case_ref=candidate.id,
        masked=review.masked,
        **_person(review, candidate.defender_ref),
        suggestions=[
            fill(SuggestionShown, suggestion, **_person(review, suggestion.defender_ref)) for suggestion in candidate.suggestions
        ],
    )


def _person(review: Review, ref: str) -> dict[str, Any]:
    contact = [to_record(case_contact) for case_contact in review.contact.get(ref, ())]
    known = to_record(review.known[ref]) if ref in review.known else {}
    return {"contact": contact, "identity": to_record(review.suggested.get(ref, review.identity)), **known}
