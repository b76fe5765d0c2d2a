"""A partner is not trusted any more: what it was asked goes to others at once, what a revoked one took goes before a human."""

from __future__ import annotations

from ngao.chassis.errors import NotFound
from services.referral.cases.facts import Reason
from services.referral.cases.model import Case
from services.referral.cases.news import Kind
from services.referral.directory.model import Partner
from services.referral.matching.route_needs import route_and_keep
from services.referral.offers.model import REVOKED, Offer
from services.referral.ports import Desk

NO_PLACE = "no_place"
_SUSPENDED = "operator"
_LISTED = 1000
_HELD_BY_REVOKED = Reason(REVOKED, "The partner that took this was revoked; whether it goes on helping is for a human to decide.")


def distrust_of(partner: Partner | None) -> str:
    """The reason that an offer to a partner that is not trusted is taken back for."""
    return REVOKED if partner is not None and partner.revoked else _SUSPENDED


def shut_out(desk: Desk, offer_id: str) -> bool:
    """Take an offer from a partner that must not have it; says whether there was anything to do."""
    case = desk.cases.of_offer(offer_id)
    offer = case.offer_with(offer_id) if case else None
    partner = desk.partners.get(offer.partner_id) if offer else None
    if case is None or offer is None or partner is None or partner.trusted:
        return False
    if offer.open:
        case.take_back(offer, distrust_of(partner), desk.now)
    elif partner.revoked and offer.taken:
        tell_of_held(case, offer)
    route_and_keep(case, desk)
    return True


def held_by(desk: Desk, partner_id: str) -> list[tuple[Case, Offer]]:
    """What a partner has open or has taken, the oldest first; raises NotFound."""
    if desk.partners.get(partner_id) is None:
        raise NotFound("There is no such partner.")
    found = ((desk.cases.of_offer(offer_id), offer_id) for offer_id in desk.engagements.live_of([partner_id], _LISTED))
    return [(case, case.offer_with(offer_id)) for case, offer_id in found if case is not None]


def tell_of_held(case: Case, offer: Offer) -> None:
    """A revoked partner holds a referral: a human is told, once."""
    if REVOKED not in offer.told_of:
        offer.told_of.append(REVOKED)
        case.tell(Kind.HELPER_REVOKED, need=offer.need, reason=REVOKED, reasons=(_HELD_BY_REVOKED,), offer=offer)


def take_from_revoked(case: Case, desk: Desk) -> None:
    """A human has decided to match the case again: what revoked partners hold of it is recalled."""
    revoked = set(desk.directories.current().revoked())
    for offer in case.offers:
        if offer.taken and offer.partner_id in revoked:
            case.take_back(offer, REVOKED, desk.now)
