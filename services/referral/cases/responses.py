"""Requests and responses of cases."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from ngao.chassis.http.filling import fill
from ngao.contracts.classes import INTERNAL, Pattern, Strict
from services.referral.cases.model import Case
from services.referral.cases.owning import OWNER
from services.referral.cases.timeline import Step
from services.referral.offers.responses import OfferView, ReasonView, operators_offer_view

_OWNER = Pattern(OWNER, error="format|Must be the id of an operator: lower-case letters, digits and hyphens; not `none`.")
_SLUG = Pattern(r"^[a-z][a-z0-9_]{1,63}$", error="format|Must be a code: lower-case letters, digits, underscore.")


class SettleRequest(Strict):
    """A human's decision that a need is met or gone, as a code."""

    reason = fields.String(required=True, validate=_SLUG, metadata=INTERNAL)


class OwnRequest(Strict):
    """Who is to own the case, and who did when the caller looked: null for no one. Left out, it does not matter."""

    owner = fields.String(required=True, validate=_OWNER, metadata=INTERNAL)
    seen_owner = fields.String(allow_none=True, validate=_OWNER, metadata=INTERNAL)


class NeedView(Schema):
    """The state of a need; `proposed` while no person has asked for it."""

    need = fields.String(metadata=INTERNAL)
    state = fields.String(metadata=INTERNAL)
    match_again = fields.AwareDateTime(allow_none=True, metadata=INTERNAL)
    proposed = fields.Boolean(metadata=INTERNAL)


class CaseView(Schema):
    """A case in short. `owner` is the id of an operator; null while no one owns it."""

    case_ref = fields.String(metadata=INTERNAL)
    state = fields.String(metadata=INTERNAL)
    closed_reason = fields.String(metadata=INTERNAL)
    urgency = fields.String(metadata=INTERNAL)
    county = fields.String(metadata=INTERNAL)
    created_at = fields.AwareDateTime(metadata=INTERNAL)
    next_deadline = fields.AwareDateTime(allow_none=True, metadata=INTERNAL)
    owner = fields.String(allow_none=True, metadata=INTERNAL)
    owned_since = fields.AwareDateTime(allow_none=True, metadata=INTERNAL)
    needs = fields.List(fields.Nested(NeedView), metadata=INTERNAL)


class CasesView(Schema):
    """Cases, the newest first."""

    cases = fields.List(fields.Nested(CaseView), metadata=INTERNAL)


class StepView(Schema):
    """One step of a case's timeline."""

    at = fields.AwareDateTime(metadata=INTERNAL)
    what = fields.String(metadata=INTERNAL)
    actor = fields.String(metadata=INTERNAL)
    text = fields.String(metadata=INTERNAL)
    need = fields.String(metadata=INTERNAL)
    offer_id = fields.String(metadata=INTERNAL)
    partner_id = fields.String(metadata=INTERNAL)
    reason = fields.String(metadata=INTERNAL)
    reasons = fields.List(fields.Nested(ReasonView), metadata=INTERNAL)


class TimelineView(CaseView):
    """A case with its offers and its timeline so far."""

    offers = fields.List(fields.Nested(OfferView), metadata=INTERNAL)
    story = fields.List(fields.Nested(StepView), metadata=INTERNAL)


def case_view(case: Case) -> dict[str, Any]:
    """Return the summary of a case."""
    return fill(
        CaseView,
        case,
        case_ref=case.id,
        state=case.life,
        urgency=case.urgency,
        county=case.county,
        next_deadline=case.next_deadline,
        needs=[fill(NeedView, need, need=need.name) for need in case.needs.values()],
    )


def timeline_view(case: Case, steps: list[Step]) -> dict[str, Any]:
    """Return a case with its offers and its timeline."""
    offers = [operators_offer_view(case, offer) for offer in case.offers]
    return {**case_view(case), "offers": offers, "story": [fill(StepView, step) for step in steps]}
