"""Show partners their offers and handle their replies over HTTP."""

from __future__ import annotations

from typing import Any

from ngao.chassis.errors import NotAllowedNow
from ngao.chassis.handlers import Call, http
from services.referral.context import Context, ReferralParts
from services.referral.offers.handle_reply import find_offer, handle_reply, state_error
from services.referral.offers.model import Reply, ReplyOutcome, Verb
from services.referral.offers.responses import (
    AcceptRequest,
    CompleteRequest,
    DeclineRequest,
    FailRequest,
    OfferView,
    own_offer_view,
)
from services.referral.requests import NothingRequest

_ANSWERED = {200: OfferView, 409: None}


@http.get("/v1/offers/<offer_id>", roles="partner", returns=OfferView)
def get_offer(ctx: Context, call: Call, offer_id: str) -> dict[str, Any]:
    """Show the state of one of the partner's own offers."""
    case, offer = find_offer(ctx, call.principal.id, offer_id)
    return own_offer_view(case.ref_for(offer), case.urgency, offer)


@http.post("/v1/offers/<offer_id>/receipt", roles="partner", request=NothingRequest, returns=OfferView)
def receive_offer(parts: ReferralParts, call: Call, offer_id: str) -> dict[str, Any]:
    """Record that the partner's own system has the offer."""
    _load(call)
    return _answer(parts, call, Reply(offer_id, Verb.RECEIPT))


@http.post("/v1/offers/<offer_id>/accept", roles="partner", request=AcceptRequest, returns=_ANSWERED)
def accept_offer(parts: ReferralParts, call: Call, offer_id: str) -> dict[str, Any]:
    """Accept the referral."""
    return _answer(parts, call, Reply(offer_id, Verb.ACCEPT, **_load(call)))


@http.post("/v1/offers/<offer_id>/decline", roles="partner", request=DeclineRequest, returns=_ANSWERED)
def decline_offer(parts: ReferralParts, call: Call, body: dict[str, Any], offer_id: str) -> dict[str, Any]:
    """Decline the offer."""
    return _answer(parts, call, Reply(offer_id, Verb.DECLINE, body["reason"]))


@http.post("/v1/offers/<offer_id>/start", roles="partner", request=NothingRequest, returns=_ANSWERED)
def start_offer(parts: ReferralParts, call: Call, offer_id: str) -> dict[str, Any]:
    """Start work."""
    _load(call)
    return _answer(parts, call, Reply(offer_id, Verb.START))


@http.post("/v1/offers/<offer_id>/complete", roles="partner", request=CompleteRequest, returns=_ANSWERED)
def complete_offer(parts: ReferralParts, call: Call, offer_id: str) -> dict[str, Any]:
    """Complete the referral."""
    return _answer(parts, call, Reply(offer_id, Verb.COMPLETE, _load(call).get("outcome", "helped")))


@http.post("/v1/offers/<offer_id>/fail", roles="partner", request=FailRequest, returns=_ANSWERED)
def fail_offer(parts: ReferralParts, call: Call, body: dict[str, Any], offer_id: str) -> dict[str, Any]:
    """Report that the partner cannot do it."""
    return _answer(parts, call, Reply(offer_id, Verb.FAIL, body["reason"]))


def _load(call: Call) -> dict[str, Any]:
    """Accept an empty body for a reply whose URL says everything."""
    return call.load() if call.body else {}


def _answer(parts: ReferralParts, call: Call, reply: Reply) -> dict[str, Any]:
    """Handle a reply. Raises NotFound; NotAllowedNow with the offer's present state, once the arrival of the reply is stored."""
    outcome, case, offer = parts.run(lambda ctx: handle_reply(ctx, call.principal.id, reply, keep_early=False), call)
    if outcome in {ReplyOutcome.EARLY, ReplyOutcome.LATE}:
        detail = f"The offer is {offer.state.value}; this reply is not possible now."
        raise NotAllowedNow(detail, slug="offer-state", errors=[state_error(offer)])
    return own_offer_view(case.ref_for(offer), case.urgency, offer)
