"""Show partners, their load and their offers to operators, and its own record to a partner."""

from __future__ import annotations

from typing import Any

from ngao.broker.exchanges import PARTNERS
from ngao.chassis.errors import or_not_found
from ngao.chassis.handlers import Call, http, lists, nothing
from services.referral.context import Context, ReferralParts
from services.referral.directory.model import Partner
from services.referral.directory.responses import AN_ORGANISATION, PartnersView, PartnerView, partner_view
from services.referral.matching.model import Load
from services.referral.offers.responses import OffersView, operators_offer_view

_LISTED = 1000


@http.get(
    "/v1/partners/<partner_id>", roles="operator", scope="partners:read", audit=nothing(AN_ORGANISATION), returns=PartnerView
)
def get_partner(ctx: Context, partner_id: str) -> dict[str, Any]:
    """Show a partner and its load."""
    partner = known_partner(ctx, partner_id)
    return partner_view(partner, ctx.engagements.loads([partner_id]).get(partner_id, Load()))


@http.get("/v1/partners/me", roles="partner", returns=PartnerView)
def get_own_partner(ctx: Context, call: Call) -> dict[str, Any]:
    """Show the calling partner's own record."""
    return get_partner(ctx, call.principal.id)


@http.get("/v1/partners", roles="operator", scope="partners:read", audit=nothing(AN_ORGANISATION), returns=PartnersView)
def list_partners(parts: ReferralParts) -> dict[str, Any]:
    """Show the directory."""
    ctx = parts.read()
    partners = ctx.partners.all()
    loads = ctx.engagements.loads([partner.id for partner in partners])
    missed = {queue.recipient: queue for queue in parts.chassis.backlog.unreached() if queue.to == PARTNERS}
    return {"partners": [partner_view(each, loads.get(each.id, Load()), missed.get(each.id)) for each in partners]}


@http.get("/v1/partners/<partner_id>/offers", roles="operator", scope="partners:read", audit=lists("offers"), returns=OffersView)
def list_partner_offers(ctx: Context, partner_id: str) -> dict[str, Any]:
    """List a partner's open and accepted offers, the oldest first."""
    return offers_held_by(ctx, known_partner(ctx, partner_id))


def known_partner(ctx: Context, partner_id: str) -> Partner:
    """Return a partner. Raises NotFound."""
    return or_not_found(ctx.partners.get(partner_id), "There is no such partner.")


def offers_held_by(ctx: Context, partner: Partner) -> dict[str, Any]:
    """Show the partner's offers."""
    live = ((ctx.cases.of_offer(offer_id), offer_id) for offer_id in ctx.engagements.live_of([partner.id], _LISTED))
    return {"offers": [operators_offer_view(case, case.offer_with(offer_id)) for case, offer_id in live if case is not None]}
