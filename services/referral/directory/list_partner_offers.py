"""Show operators which offers a partner has open or has accepted."""

from __future__ import annotations

from typing import Any

from ngao.chassis.errors import NotFound
from ngao.chassis.handlers import http, lists
from services.referral.context import Context
from services.referral.offers.responses import OffersView, operators_offer_view

_LISTED = 1000


@http.get("/v1/partners/<partner_id>/offers", roles="operator", scope="partners:read", audit=lists("offers"), returns=OffersView)
def list_partner_offers(ctx: Context, partner_id: str) -> dict[str, Any]:
    """List a partner's open and accepted offers, the oldest first."""
    if ctx.partners.get(partner_id) is None:
        raise NotFound("There is no such partner.")
    return offers_held_by(ctx, partner_id)


def offers_held_by(ctx: Context, partner_id: str) -> dict[str, Any]:
    """Show the partner's offers."""
    found = ((ctx.cases.of_offer(offer_id), offer_id) for offer_id in ctx.engagements.live_of([partner_id], _LISTED))
    return {"offers": [operators_offer_view(case, case.offer_with(offer_id)) for case, offer_id in found if case is not None]}
