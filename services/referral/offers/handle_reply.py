"""Handle a partner's reply to an offer: the same rules over AMQP and HTTP."""

from __future__ import annotations

from ngao.chassis.errors import InvalidInput, NotFound
from ngao.chassis.security import signing
from ngao.contracts import FieldError
from ngao.kernel import acceptance
from services.referral.cases.model import Case
from services.referral.context import Context
from services.referral.directory.model import Partner
from services.referral.matching.route_needs import route_and_store
from services.referral.offers.model import Offer, Reply, ReplyOutcome, Verb
from services.referral.offers.replies import apply_reply
from services.referral.offers.withdraw_from_distrusted import distrust_of

NO_PLACE = "no_place"


def handle_reply(ctx: Context, partner_id: str, reply: Reply, *, keep_early: bool) -> tuple[ReplyOutcome, Case, Offer]:
    """Apply a partner's reply. Returns its outcome, and the state of the offer.

    Raises NotFound for an offer that was not made to this partner, InvalidInput (`acceptance-not-signed`) for an acceptance
    that would get no disclosure; the offer stays open.
    """
    case, offer = find_offer(ctx, partner_id, reply.offer_id)
    if reply.verb is Verb.ACCEPT and offer.open:
        partner = ctx.partners.get(partner_id)
        _demand_signature(partner, case, offer, reply)
        if why_not := _why_not(ctx, partner, offer):
            case.withdraw_or_recall(offer, why_not, ctx.now)
    outcome = apply_reply(case, offer, reply, ctx.now, ctx.deadlines.of(case.urgency, offer.need), keep_early=keep_early)
    if case.changes:
        route_and_store(ctx, case)
    return outcome, case, offer


def find_offer(ctx: Context, partner_id: str, offer_id: str) -> tuple[Case, Offer]:
    """Return an offer made to this partner, with its case. Raises NotFound also for another partner's offer."""
    case = ctx.cases.of_offer(offer_id)
    offer = case.offer_with(offer_id) if case else None
    if case is None or offer is None or offer.partner_id != partner_id:
        raise NotFound("There is no such offer.")
    return case, offer


def state_error(offer: Offer) -> FieldError:
    """Return why a reply to an offer is not possible: the coded reason that ended it, else its state."""
    return FieldError("/offer_id", offer.detail_for_partner or offer.state.value, f"The offer is {offer.state.value}.")


def _demand_signature(partner: Partner | None, case: Case, offer: Offer, reply: Reply) -> None:
    """Refuse an unsigned acceptance of a partner with a signing key: every disclosure to it would be withheld."""
    if partner is None or not partner.trusted or not partner.signing_key:
        return
    accepted = acceptance.to_sign(offer.partner_id, offer.id, case.ref_for(offer))
    if signing.verifies(partner.signing_key, acceptance.PURPOSE, accepted, reply.signature):
        return
    code = "invalid" if reply.signature else "required"
    detail = "Must be the signature of this acceptance by the signing key that the coalition has of you."
    message = "An acceptance must be signed. The offer is still open: accept it again, signed."
    raise InvalidInput(message, [FieldError("/signature", code, detail)], slug="acceptance-not-signed")


def _why_not(ctx: Context, partner: Partner | None, offer: Offer) -> str:
    """Return why an acceptance is not valid; empty when it is. An offer from before places were reserved has to get one now."""
    if partner is None or not partner.trusted:
        return distrust_of(partner)
    return "" if ctx.engagements.confirm(offer, partner.capacity) else NO_PLACE
