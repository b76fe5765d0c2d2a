"""Requests and responses of the candidates."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from ngao.contracts.classes import INTERNAL, SENSITIVE, Pattern, Strict, Tolerant
from ngao.kernel.references import DEFENDER_REF
from services.registry.people.resolution import Candidate
from services.registry.people.responses import ContactShown, IdentityShown, contact_answer
from services.registry.people.showing import Review

_DEFENDER = Pattern(DEFENDER_REF, error="format|Must be a defender reference.")


class LinkRequest(Strict):
    """Which of the suggested persons it is."""

    defender_ref = fields.String(required=True, validate=_DEFENDER, metadata=INTERNAL)


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


def decided_answer(candidate: Candidate) -> dict[str, Any]:
    """Return a decision as `Decided`."""
    return {
        "case_ref": candidate.id,
        "defender_ref": candidate.defender_ref,
        "verdict": str(candidate.verdict),
        "decided_by": candidate.decided_by,
        "decided_at": candidate.decided_at,
    }


def review_answer(review: Review) -> dict[str, Any]:
    """Return a candidate as `CandidateShown`."""
    candidate = review.candidate
    return {
        "case_ref": candidate.id,
        "defender_ref": candidate.defender_ref,
        "created_at": candidate.created_at,
        "masked": review.masked,
        "contact": [contact_answer(case_contact) for case_contact in review.contact.get(candidate.defender_ref, ())],
        "identity": review.identity.as_dict(),
        "suggestions": [
            {
                "defender_ref": suggestion.defender_ref,
                "score": suggestion.score,
                "reasons": list(suggestion.reasons),
                "contact": [contact_answer(one) for one in review.contact.get(suggestion.defender_ref, ())],
                "identity": review.suggested[suggestion.defender_ref].as_dict(),
            }
            for suggestion in candidate.suggestions
        ],
    }
