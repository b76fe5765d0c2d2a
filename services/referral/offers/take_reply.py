"""A partner answers an offer: the same rules over AMQP and HTTP."""

from __future__ import annotations

from dataclasses import dataclass

from ngao.chassis.errors import Forbidden, InvalidInput, NotFound
from ngao.chassis.security import signing
from ngao.kernel import acceptance
from ngao.kernel.problems import FieldError
from services.referral.cases.model import Case
from services.referral.matching.route_needs import route_and_keep
from services.referral.offers.model import Offer, Reply, Taken, Verb
from services.referral.offers.replies import take
from services.referral.offers.shut_out import NO_PLACE, distrust_of
from services.referral.ports import Desk


@dataclass(frozen=True)
class Answer:
    """What became of a reply, and where the offer stands now."""

    taken: Taken
    case_ref: str
    offer: Offer
    urgency: str


def take_reply(desk: Desk, partner_id: str, reply: Reply, *, keep_early: bool) -> Answer:
    """Follow a partner's reply.

    Raises NotFound for an offer nobody made, Forbidden for one made to somebody else, InvalidInput (`acceptance-not-signed`) for
    an acceptance that nothing could be disclosed for; the offer stays open.
    """
    case, offer = find_offer(desk, partner_id, reply.offer_id)
    if reply.verb is Verb.ACCEPT and offer.open:
        _demand_signature(desk, case, offer, reply)
    if reply.verb is Verb.ACCEPT and offer.open and (refusal := _why_not(desk, offer)):
        case.take_back(offer, refusal, desk.now)
    taken = take(case, reply, desk.now, desk.deadlines.of(case.urgency), keep_early=keep_early)
    if case.news:
        route_and_keep(case, desk)
    return Answer(taken, case.ref_for(offer), offer, case.urgency)


def find_offer(desk: Desk, partner_id: str, offer_id: str) -> tuple[Case, Offer]:
    """An offer made to this partner, with its case; raises NotFound, Forbidden."""
    case = desk.cases.of_offer(offer_id)
    if case is None:
        raise NotFound("There is no such offer.")
    offer = case.offer_with(offer_id)
    if offer.partner_id != partner_id:
        raise Forbidden("This offer was made to another partner.")
    return case, offer


def _demand_signature(desk: Desk, case: Case, offer: Offer, reply: Reply) -> None:
    """A partner with a signing key signs what it accepts: those who disclose would withhold everything from it otherwise."""
    partner = desk.partners.get(offer.partner_id)
    if partner is None or not partner.trusted or not partner.signing_key:
        return
    accepted = acceptance.to_sign(offer.partner_id, offer.id, case.ref_for(offer))
    if signing.verifies(partner.signing_key, acceptance.PURPOSE, accepted, reply.signature):
        return
    code = "invalid" if reply.signature else "required"
    detail = "Must be the signature of this acceptance by the signing key that the coalition has of you."
    message = "An acceptance must be signed. The offer is still open: accept it again, signed."
    raise InvalidInput(message, [FieldError("/signature", code, detail)], slug="acceptance-not-signed")


def _why_not(desk: Desk, offer: Offer) -> str:
    """Why a yes cannot count; empty when it can. An offer from before places were reserved has to get one now."""
    partner = desk.partners.get(offer.partner_id)
    if partner is None or not partner.trusted:
        return distrust_of(partner)
    return "" if desk.engagements.confirm(offer, partner.capacity) else NO_PLACE
