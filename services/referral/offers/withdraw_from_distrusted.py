"""Withdraw open offers from distrusted partners, match their needs again, and alarm a human about a revoked partner's work."""

from __future__ import annotations

from ngao.chassis.handlers import every
from services.referral.cases.changes import Kind
from services.referral.cases.facts import Reason
from services.referral.cases.model import Case
from services.referral.context import BATCH, Context, ReferralParts
from services.referral.directory.model import Partner
from services.referral.matching.route_needs import route_and_store
from services.referral.offers.model import BY_OPERATOR, REVOKED, Offer

_HELD_BY_REVOKED = Reason(REVOKED, "The partner that accepted this was revoked. A human must decide whether it continues.")


@every(seconds=1)
def withdraw_from_distrusted(parts: ReferralParts) -> None:
    """Withdraw open offers from partners that are no longer trusted. An error with one offer does not delay the others."""
    directory = parts.directory.current()
    distrusted, revoked = directory.distrusted(), directory.revoked()
    offers = parts.read().engagements.of_distrusted(distrusted, revoked, BATCH)
    parts.each(offers, withdraw_offer, "shut_out.failed")


def withdraw_offer(ctx: Context, offer_id: str) -> None:
    """Withdraw an offer from a partner that must not have it."""
    case = ctx.cases.of_offer(offer_id)
    offer = case.offer_with(offer_id) if case else None
    partner = ctx.partners.get(offer.partner_id) if offer else None
    if case is None or offer is None or partner is None or partner.trusted:
        return
    if offer.open:
        case.withdraw_or_recall(offer, distrust_of(partner), ctx.now)
    elif partner.revoked and offer.at_work:
        _alarm_about_held(case, offer)
    route_and_store(ctx, case)


def distrust_of(partner: Partner | None) -> str:
    """Return the reason for withdrawing an offer from a partner that is no longer trusted.

    Only a revocation has a reason of its own. A suspended partner gets the one of every act of an operator.
    """
    return REVOKED if partner is not None and partner.revoked else BY_OPERATOR


def _alarm_about_held(case: Case, offer: Offer) -> None:
    """Notify a human once that a revoked partner holds a referral."""
    if REVOKED not in offer.alarms:
        offer.alarms.append(REVOKED)
        case.record(Kind.PARTNER_REVOKED, need=offer.need, reason=REVOKED, reasons=(_HELD_BY_REVOKED,), offer=offer)
