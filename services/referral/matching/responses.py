"""Responses of the dry run of a match."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from ngao.chassis.http.filling import fill
from ngao.contracts.classes import INTERNAL
from ngao.kernel.records import to_record
from services.referral.cases.facts import Reason
from services.referral.matching.model import Match
from services.referral.offers.responses import ReasonView

_LISTED = 100


class CandidateView(Schema):
    """A partner that fits, and what its points are for."""

    partner_id = fields.String(metadata=INTERNAL)
    score = fields.Integer(metadata=INTERNAL)
    reasons = fields.List(fields.Nested(ReasonView), metadata=INTERNAL)


class ExclusionView(Schema):
    """A partner that was examined and left out."""

    partner_id = fields.String(metadata=INTERNAL)
    reason = fields.Nested(ReasonView, metadata=INTERNAL)


class MatchView(Schema):
    """The partners a need would be offered to; `excluded` lists the first hundred of those left out."""

    need = fields.String(metadata=INTERNAL)
    candidates = fields.List(fields.Nested(CandidateView), metadata=INTERNAL)
    excluded = fields.List(fields.Nested(ExclusionView), metadata=INTERNAL)
    excluded_count = fields.Integer(metadata=INTERNAL)
    directory_size = fields.Integer(metadata=INTERNAL)
    policy_version = fields.String(metadata=INTERNAL)
    asked_about = fields.Nested(ReasonView, allow_none=True, metadata=INTERNAL)


class MatchesView(Schema):
    """The dry run of every need that is not settled."""

    case_ref = fields.String(metadata=INTERNAL)
    matches = fields.List(fields.Nested(MatchView), metadata=INTERNAL)


def match_view(need: str, match: Match, asked_about: Reason | None) -> dict[str, Any]:
    """Return the dry run of one need; `asked_about` is why the partner that was asked about is left out."""
    return fill(
        MatchView,
        match,
        need=need,
        candidates=[
            fill(CandidateView, candidate, reasons=[to_record(reason) for reason in candidate.reasons])
            for candidate in match.candidates
        ],
        excluded=[fill(ExclusionView, exclusion) for exclusion in match.excluded[:_LISTED]],
        excluded_count=len(match.excluded),
        asked_about=to_record(asked_about) if asked_about else None,
    )
