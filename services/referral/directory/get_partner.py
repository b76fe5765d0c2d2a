"""Show a partner and its load to operators, and its own record to a partner."""

from __future__ import annotations

from typing import Any

from ngao.broker.exchanges import PARTNERS
from ngao.chassis.errors import NotFound
from ngao.chassis.handlers import Call, http, nothing
from services.referral.context import Context, ReferralParts
from services.referral.directory.responses import AN_ORGANISATION, PartnersView, PartnerView, partner_view
from services.referral.matching.model import Load


@http.get(
    "/v1/partners/<partner_id>", roles="operator", scope="partners:read", audit=nothing(AN_ORGANISATION), returns=PartnerView
)
def get_partner(ctx: Context, partner_id: str) -> dict[str, Any]:
    """Show a partner and its load."""
    partner = ctx.partners.get(partner_id)
    if partner is None:
        raise NotFound("There is no such partner.")
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
