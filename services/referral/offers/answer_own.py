"""Answer an offer as a person of its partner: the same rules as for the partner's own program."""

from __future__ import annotations

from typing import Any

from marshmallow import ValidationError, fields, validate, validates_schema

from ngao.chassis.errors import NotAllowedNow
from ngao.chassis.handlers import Call, http, itself
from ngao.chassis.security import signing
from ngao.contracts.classes import INTERNAL, PUBLIC, Strict
from ngao.contracts.codes import DECLINE_REASONS, FAIL_REASONS, OUTCOMES
from ngao.kernel.scopes import OF_OUTSIDER
from services.referral.cases.changes import Kind
from services.referral.context import Context, ReferralParts
from services.referral.offers.handle_reply import handle_reply, state_error
from services.referral.offers.model import Reply, ReplyOutcome, Verb
from services.referral.offers.own import own_partner
from services.referral.offers.show_own import OwnOfferView, own_view

_DETAILS = {Verb.DECLINE: DECLINE_REASONS, Verb.COMPLETE: OUTCOMES, Verb.FAIL: FAIL_REASONS}
_ANSWERS = (Verb.ACCEPT, Verb.DECLINE, Verb.START, Verb.COMPLETE, Verb.FAIL)
_AUDITED = (Kind.ACCEPTED, Kind.DECLINED, Kind.STARTED, Kind.COMPLETED, Kind.FAILED, Kind.REPLY_LATE)


class OwnAnswerRequest(Strict):
    """An answer. `detail` is the coded reason of `decline` and `fail`, or the coded outcome of `complete`.

    `signature` is the partner's own over an acceptance; a partner that has a signing key must sign.
    """

    answer = fields.Enum(Verb, by_value=True, required=True, validate=validate.OneOf(_ANSWERS), metadata=INTERNAL)
    detail = fields.String(load_default="", validate=validate.Length(max=40), metadata=INTERNAL)
    signature = fields.String(load_default="", validate=validate.Length(max=128), metadata=PUBLIC)

    @validates_schema
    def fits(self, data: dict[str, Any], **_: object) -> None:
        """Demand the code that belongs to the answer, and none where it has none. Raises ValidationError."""
        codes = _DETAILS.get(data["answer"], ("",))
        if data["detail"] not in codes:
            raise ValidationError({"detail": [f"unknown_code|Must be one of: {', '.join(codes)}."]})


@http.post(
    "/v1/own-offers/<offer_id>/answer",
    roles="operator",
    scope="offers:write",
    audit=itself(*(each.value for each in _AUDITED)),
    request=OwnAnswerRequest,
    returns={200: OwnOfferView, 409: None},
    bounded=(OF_OUTSIDER,),
)
def answer_own_offer(parts: ReferralParts, call: Call, body: dict[str, Any], offer_id: str) -> dict[str, Any]:
    """Accept or decline an offer in the partner's name, and say when the work begins, is done or cannot be done.

    An answer that was given before changes nothing. Raises NotFound, Forbidden, InvalidInput (`acceptance-not-signed`), and
    NotAllowedNow (`offer-state`) once the arrival of the answer is stored.
    """

    def work(ctx: Context) -> tuple[ReplyOutcome, dict[str, Any], NotAllowedNow]:
        partner = own_partner(ctx)
        key_id = signing.key_id(partner.signing_key) if body["signature"] and partner.signing_key else ""
        reply = Reply(offer_id, body["answer"], body["detail"], body["signature"], key_id, by=call.principal.actor)
        outcome, case, offer = handle_reply(ctx, partner.id, reply, keep_early=False)
        detail = f"The offer is {offer.state.value}; this answer is not possible now."
        return (
            outcome,
            own_view(ctx, partner, case, offer),
            NotAllowedNow(detail, slug="offer-state", errors=[state_error(offer)]),
        )

    outcome, shown, refusal = parts.run(work, call)
    if outcome in {ReplyOutcome.EARLY, ReplyOutcome.LATE}:
        raise refusal
    return shown
