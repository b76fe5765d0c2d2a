"""A partner answers an offer: the same rules over AMQP and HTTP."""

from __future__ import annotations

from dataclasses import dataclass

from ngao.chassis.errors import Forbidden, NotFound
from services.referral.application.ports import Desk
from services.referral.application.route_needs import route_and_keep
from services.referral.application.shut_out import NO_PLACE, distrust_of
from services.referral.domain.case import Case
from services.referral.domain.offer import Offer, Reply, Taken, Verb
from services.referral.domain.replies import take


@dataclass(frozen=True)
class Answer:
    """What became of a reply, and where the offer stands now."""

    taken: Taken
    case_ref: str
    offer: Offer
    urgency: str


def take_reply(desk: Desk, partner_id: str, reply: Reply, *, keep_early: bool) -> Answer:
    """Follow a partner's reply.

    Raises NotFound for an offer nobody made, Forbidden for one made to somebody else.
    """
    case, offer = find_offer(desk, partner_id, reply.offer_id)
    if reply.verb is Verb.ACCEPT and offer.open and (refusal := _why_not(desk, offer)):
        case.take_back(offer, refusal, desk.now)
    taken = take(case, reply, desk.now, desk.deadlines.of(case.urgency), keep_early=keep_early)
    if case.news:
        route_and_keep(case, desk)
    return Answer(taken, case.id, offer, case.urgency)


def find_offer(desk: Desk, partner_id: str, offer_id: str) -> tuple[Case, Offer]:
    """An offer made to this partner, with its case; raises NotFound, Forbidden."""
    case = desk.cases.of_offer(offer_id)
    if case is None:
        raise NotFound("There is no such offer.")
    offer = case.offer_with(offer_id)
    if offer.partner_id != partner_id:
        raise Forbidden("This offer was made to another partner.")
    return case, offer


def _why_not(desk: Desk, offer: Offer) -> str:
    """Why a yes cannot count; empty when it can. An offer from before places were reserved has to get one now."""
    partner = desk.partners.get(offer.partner_id)
    if partner is None or not partner.trusted:
        return distrust_of(partner)
    return "" if desk.engagements.confirm(offer, partner.capacity) else NO_PLACE
