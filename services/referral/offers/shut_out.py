"""A partner is not trusted any more: what it was asked goes to others at once, what a revoked one took goes before a human."""

from __future__ import annotations

from ngao.chassis.handlers import every
from services.referral.cases.facts import Reason
from services.referral.cases.model import Case
from services.referral.cases.news import Kind
from services.referral.context import BATCH, Context, ReferralParts
from services.referral.directory.model import Partner
from services.referral.matching.route_needs import route_and_keep
from services.referral.offers.model import REVOKED, Offer

_SUSPENDED = "operator"
_HELD_BY_REVOKED = Reason(REVOKED, "The partner that took this was revoked; whether it goes on helping is for a human to decide.")


@every(seconds=1)
def shut_out(parts: ReferralParts) -> None:
    """Take back what partners that are not trusted any more were offered; one offer's trouble does not hold up the others."""
    directory = parts.directory.current()
    distrusted, revoked = directory.distrusted(), directory.revoked()
    offers = parts.read().engagements.to_shut_out(distrusted, revoked, BATCH)
    parts.each(offers, take_from_distrusted, "shut_out.failed")


def take_from_distrusted(ctx: Context, offer_id: str) -> None:
    """Take an offer from a partner that must not have it."""
    case = ctx.cases.of_offer(offer_id)
    offer = case.offer_with(offer_id) if case else None
    partner = ctx.partners.get(offer.partner_id) if offer else None
    if case is None or offer is None or partner is None or partner.trusted:
        return
    if offer.open:
        case.take_back(offer, distrust_of(partner), ctx.now)
    elif partner.revoked and offer.taken:
        _tell_of_held(case, offer)
    route_and_keep(ctx, case)


def distrust_of(partner: Partner | None) -> str:
    """The reason that an offer to a partner that is not trusted is taken back for."""
    return REVOKED if partner is not None and partner.revoked else _SUSPENDED


def _tell_of_held(case: Case, offer: Offer) -> None:
    """A revoked partner holds a referral: a human is told, once."""
    if REVOKED not in offer.told_of:
        offer.told_of.append(REVOKED)
        case.tell(Kind.HELPER_REVOKED, need=offer.need, reason=REVOKED, reasons=(_HELD_BY_REVOKED,), offer=offer)
