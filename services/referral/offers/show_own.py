"""Show people of a partner the offers to it: what is asked, by when, and nothing about others."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from marshmallow import Schema, fields

from ngao.chassis.handlers import http, itself, lists
from ngao.chassis.http.filling import fill
from ngao.contracts.classes import INTERNAL, PUBLIC
from ngao.kernel import acceptance
from ngao.kernel.scopes import OF_OUTSIDER
from services.referral.cases.model import Case
from services.referral.context import Context
from services.referral.directory.model import Partner
from services.referral.offers.handle_reply import find_offer
from services.referral.offers.model import Offer, State
from services.referral.offers.own import own_partner
from services.referral.offers.showing import Glimpse

_MOST, _ENDED_FOR = 100, timedelta(days=7)
_ACCEPTED = frozenset({State.ACCEPTED, State.STARTED, State.COMPLETED})


class OwnOfferView(Schema):
    """An offer as people of its partner see it. `contact` and `narrative`: disclosed, withheld, empty if undecided.

    `county`, `region` and `languages` are as much as the offer shows; all of it once it is accepted. `to_sign` is the text that
    the partner's `signing_key` has to sign for an acceptance; empty where none is needed.
    """

    offer_id = fields.String(metadata=INTERNAL)
    case_ref = fields.String(metadata=INTERNAL)
    need = fields.String(metadata=INTERNAL)
    urgency = fields.String(metadata=INTERNAL)
    state = fields.String(metadata=INTERNAL)
    detail = fields.String(metadata=INTERNAL)
    county = fields.String(metadata=INTERNAL)
    region = fields.String(metadata=INTERNAL)
    languages = fields.List(fields.String(), metadata=INTERNAL)
    contact = fields.String(metadata=INTERNAL)
    narrative = fields.String(metadata=INTERNAL)
    made_at = fields.AwareDateTime(metadata=INTERNAL)
    ended_at = fields.AwareDateTime(allow_none=True, metadata=INTERNAL)
    due = fields.AwareDateTime(allow_none=True, metadata=INTERNAL)
    to_sign = fields.String(metadata=INTERNAL)
    signing_key = fields.String(metadata=PUBLIC)


class OwnOffersView(Schema):
    """The offers to one partner that have not ended, and those that ended in the last days: the oldest first."""

    offers = fields.List(fields.Nested(OwnOfferView), metadata=INTERNAL)


@http.get(
    "/v1/own-offers", roles="operator", scope="offers:read", audit=lists("offers"), returns=OwnOffersView, bounded=(OF_OUTSIDER,)
)
def list_own_offers(ctx: Context) -> dict[str, Any]:
    """List the offers to the partner that the caller's account belongs to. Raises NotFound, Forbidden."""
    partner = own_partner(ctx)
    since = ctx.now - _ENDED_FOR
    ids = [*ctx.engagements.live_of([partner.id], _MOST), *ctx.engagements.ended_of(partner.id, since, _MOST)]
    found = ((ctx.cases.of_offer(offer_id), offer_id) for offer_id in ids)
    return {"offers": [own_view(ctx, partner, case, case.offer_with(offer_id)) for case, offer_id in found if case is not None]}


@http.get(
    "/v1/own-offers/<offer_id>", roles="operator", scope="offers:read", audit=itself("offer.read"), returns=OwnOfferView,
    bounded=(OF_OUTSIDER,),
)  # fmt: skip
def get_own_offer(ctx: Context, offer_id: str) -> dict[str, Any]:
    """Show one of these offers. Raises NotFound, also for an offer to another partner; Forbidden."""
    partner = own_partner(ctx)
    case, offer = find_offer(ctx, partner.id, offer_id)
    ctx.audit("offer.read", subject=case.id, detail={"offer_id": offer.id, "partner_id": partner.id})
    return own_view(ctx, partner, case, offer)


def own_view(ctx: Context, partner: Partner, case: Case, offer: Offer) -> dict[str, Any]:
    """Return an offer as people of its partner see it."""
    case_ref, glimpse = case.ref_for(offer), _glimpse(ctx, case, offer)
    signs = offer.open and bool(partner.signing_key)
    text = (acceptance.PURPOSE + acceptance.to_sign(partner.id, offer.id, case_ref)).decode() if signs else ""
    return fill(
        OwnOfferView, offer, offer_id=offer.id, case_ref=case_ref, urgency=case.urgency, detail=offer.detail_for_partner,
        county=glimpse.county, region=glimpse.region, languages=list(glimpse.languages),
        to_sign=text, signing_key=partner.signing_key if signs else "",
    )  # fmt: skip


def _glimpse(ctx: Context, case: Case, offer: Offer) -> Glimpse:
    glimpse = ctx.policy.showing.glimpse(offer.need, case.report)
    if offer.state not in _ACCEPTED or case.report is None:
        return glimpse
    return Glimpse(case.county, glimpse.region, case.report.languages)
