"""Requests and responses of offers."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields, validate

from ngao.chassis.http.filling import fill
from ngao.contracts.classes import INTERNAL, PUBLIC, Strict
from ngao.contracts.codes import DECLINE_REASONS, FAIL_REASONS, OUTCOMES
from services.referral.cases.model import Case
from services.referral.offers.model import Offer


def _one_of(choices: tuple[str, ...]) -> validate.OneOf:
    return validate.OneOf(choices, error=f"unknown_code|Must be one of: {', '.join(choices)}.")


class DeclineRequest(Strict):
    """A refusal with its reason."""

    reason = fields.String(required=True, validate=_one_of(DECLINE_REASONS), metadata=INTERNAL)


class FailRequest(Strict):
    """Work that could not be done, with its reason."""

    reason = fields.String(required=True, validate=_one_of(FAIL_REASONS), metadata=INTERNAL)


class CompleteRequest(Strict):
    """Work done, with its outcome."""

    outcome = fields.String(load_default="helped", validate=_one_of(OUTCOMES), metadata=INTERNAL)


class AcceptRequest(Strict):
    """An acceptance, with the partner's signature; a partner that has a signing key must sign. The body may be left out."""

    signature = fields.String(load_default="", validate=validate.Length(max=128), metadata=PUBLIC)
    signature_key_id = fields.String(load_default="", validate=validate.Length(max=64), metadata=PUBLIC)


class ReasonView(Schema):
    """The name of a rule and its sentence."""

    rule = fields.String(metadata=INTERNAL)
    text = fields.String(metadata=INTERNAL)


class OfferView(Schema):
    """The state of an offer; `due` ends the present wait. `contact`, `narrative`: disclosed, withheld, empty if undecided."""

    offer_id = fields.String(metadata=INTERNAL)
    case_ref = fields.String(metadata=INTERNAL)
    partner_case_ref = fields.String(metadata=INTERNAL)
    partner_id = fields.String(metadata=INTERNAL)
    need = fields.String(metadata=INTERNAL)
    urgency = fields.String(metadata=INTERNAL)
    state = fields.String(metadata=INTERNAL)
    attempt = fields.Integer(metadata=INTERNAL)
    received = fields.Boolean(metadata=INTERNAL)
    detail = fields.String(metadata=INTERNAL)
    contact = fields.String(metadata=INTERNAL)
    narrative = fields.String(metadata=INTERNAL)
    made_at = fields.AwareDateTime(metadata=INTERNAL)
    due = fields.AwareDateTime(allow_none=True, metadata=INTERNAL)
    reasons = fields.List(fields.Nested(ReasonView), metadata=INTERNAL)
    policy_version = fields.String(metadata=INTERNAL)


class OffersView(Schema):
    """Offers of one partner that are open or accepted, the oldest first."""

    offers = fields.List(fields.Nested(OfferView), metadata=INTERNAL)


def offer_view(case_ref: str, urgency: str, offer: Offer) -> dict[str, Any]:
    """Return the state of an offer."""
    return fill(OfferView, offer, offer_id=offer.id, case_ref=case_ref, urgency=urgency)


def own_offer_view(case_ref: str, urgency: str, offer: Offer) -> dict[str, Any]:
    """Return the same for the partner itself, without why it was chosen, and with a reason that it may know."""
    return {**offer_view(case_ref, urgency, offer), "reasons": [], "detail": offer.detail_for_partner}


def operators_offer_view(case: Case, offer: Offer) -> dict[str, Any]:
    """Return it for an operator, with the reference that the partner uses when it calls."""
    return {**offer_view(case.id, case.urgency, offer), "partner_case_ref": case.ref_for(offer)}
