"""In whose name a person of a partner acts: which partner the account belongs to, and whether that partner is trusted now."""

from __future__ import annotations

from ngao.chassis.errors import Forbidden, NotFound
from ngao.kernel.scopes import OF_OUTSIDER
from services.referral.context import Context
from services.referral.directory.model import Partner


class PartnerNotTrusted(Forbidden):
    """The partner of the account is revoked, suspended, not vetted or without a key."""

    slug = "partner-not-trusted"


def own_partner(ctx: Context) -> Partner:
    """Return the partner in whose name the caller acts. Raises NotFound for all others, PartnerNotTrusted."""
    caller = ctx.principal
    partner_id = caller.outsider if caller and caller.grant.reach == OF_OUTSIDER else ""
    partner = ctx.partners.get(partner_id) if partner_id else None
    if partner is None:
        raise NotFound("This account belongs to no partner in the directory, so that there are no offers to it.")
    if not partner.trusted:
        raise PartnerNotTrusted("The access of your organisation is suspended. Call the coalition.")
    return partner
