"""Revoke a partner: its keys are rejected, its open offers go to others, its accepted ones are shown to a human."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ngao.chassis.handlers import Call, http, itself
from services.referral.context import Context, ReferralParts
from services.referral.directory.model import Partner
from services.referral.directory.read import known_partner, offers_held_by
from services.referral.offers.responses import OffersView
from services.referral.offers.withdraw_from_distrusted import withdraw_from_distrusted
from services.referral.partner_log.erase_boxes import erase_boxes_of
from services.referral.requests import NothingRequest


@http.post(
    "/v1/partners/<partner_id>/revoke",
    roles="operator",
    scope="partners:write",
    audit=itself("partner.revoked"),
    request=NothingRequest,
    returns=OffersView,
)
def revoke_partner(parts: ReferralParts, call: Call, partner_id: str) -> dict[str, Any]:
    """Revoke a partner immediately. The answer lists what it had accepted."""
    revoked = parts.run(lambda ctx: _revoke(ctx, partner_id), call)
    parts.directory.forget()
    withdraw_from_distrusted(parts)
    erase_boxes_of(parts, partner_id)
    return offers_held_by(parts.read(), revoked)


def _revoke(ctx: Context, partner_id: str) -> Partner:
    revoked = replace(known_partner(ctx, partner_id), revoked=True, key_hashes=())
    ctx.partners.save(revoked)
    ctx.audit("partner.revoked", subject=partner_id)
    return revoked
