"""The published events of a case's changes."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict, cast

from ngao.chassis.security.seals import key_id
from ngao.contracts import Payload
from ngao.contracts.events import referral as events
from ngao.contracts.events.parts import Reason as StatedReason
from services.referral.cases.changes import MOVES, CaseChange, Kind
from services.referral.cases.facts import Reason
from services.referral.cases.model import Case
from services.referral.context import Context
from services.referral.directory.model import Partner
from services.referral.offers.model import Offer, State

if TYPE_CHECKING:
    from datetime import datetime


class _OfOffer(TypedDict):
    case_ref: str
    offer_id: str
    partner_id: str
    need: str
    urgency: str
    case_salt: str | None


class _OfNeed(TypedDict):
    case_ref: str
    need: str
    urgency: str
    reason: str
    reasons: tuple[StatedReason, ...]
    told: str


def event_of(ctx: Context, case: Case, change: CaseChange) -> Payload | None:
    """Return the event of a change, or None for a change that is only a step of the timeline."""
    if change.kind in MOVES and change.offer is not None:
        return _of_offer(ctx, case, change, change.offer)
    if change.kind in {Kind.UNROUTABLE, Kind.PARTNER_REVOKED, Kind.DISCLOSURE_OVERDUE}:
        return _of_need(ctx, case, change)
    return _of_case(ctx, case, change)


def _of_case(ctx: Context, case: Case, change: CaseChange) -> Payload | None:
    match change.kind:
        case Kind.OWNED:
            return events.CaseOwned(
                case_ref=case.id,
                owner=change.owner,
                since=case.owned_since or ctx.now,
                set_by=str(change.actor),
                reason=change.reason,
            )
        case Kind.OPENED:
            return events.CaseOpened(case_ref=case.id, urgency=case.urgency, needs=tuple(case.needs), county=case.county)
        case Kind.CLOSED:
            return events.CaseClosed(case_ref=case.id, reason=change.reason)
        case Kind.REOPENED:
            return events.CaseReopened(
                case_ref=case.id,
                urgency=case.urgency,
                needs=tuple(case.needs),
                county=case.county,
                reason=change.reason,
                reasons=_stated(change.reasons),
                told=ctx.deadlines.notified,
                needs_again=change.needs,
            )
    return None


def _of_offer(ctx: Context, case: Case, change: CaseChange, offer: Offer) -> Payload | None:
    if change.kind is Kind.OFFERED:
        return _offered(ctx, case, offer)
    if change.kind is Kind.ACCEPTED:
        return accepted(case, offer, ctx.partners.get(offer.partner_id))
    return _answered(case, offer) or state_of(case, offer)


def _answered(case: Case, offer: Offer) -> Payload | None:
    """Return the event of what the partner itself has reported after its receipt."""
    of_offer, detail = _offer(case, offer), offer.detail_for_partner
    match offer.state:
        case State.DECLINED:
            return events.OfferDeclined(**of_offer, reason=detail)
        case State.STARTED:
            return events.OfferStarted(**of_offer)
        case State.COMPLETED:
            return events.OfferCompleted(**of_offer, outcome=detail)
        case State.FAILED:
            return events.OfferFailed(**of_offer, reason=detail)
    return None


def _of_need(ctx: Context, case: Case, change: CaseChange) -> Payload:
    of_need: _OfNeed = {
        "case_ref": case.id,
        "need": change.need,
        "urgency": case.urgency,
        "reason": change.reason,
        "reasons": _stated(change.reasons),
        "told": ctx.deadlines.notified,
    }
    if change.kind is Kind.UNROUTABLE or change.offer is None:
        return events.NeedUnroutable(**of_need)
    kind = events.PartnerRevoked if change.kind is Kind.PARTNER_REVOKED else events.DisclosureMissed
    return kind(**of_need, offer_id=change.offer.id, partner_id=change.offer.partner_id)


def accepted(case: Case, offer: Offer, partner: Partner | None, *, again: bool = False) -> events.OfferAccepted:
    """Return the acceptance with the partner's keys; `again` repeats it with what operators vouch for by now."""
    public_key, vouch = (partner.public_key, partner.vouch) if partner else ("", "")
    return events.OfferAccepted(
        **_offer(case, offer),
        county=case.county,
        languages=case.report.languages if case.report else (),
        accepted_at=cast("datetime", offer.accepted_at),
        partner_public_key=public_key,
        partner_key_id=key_id(public_key),
        vouch=vouch or None,
        signature=offer.signature or None,
        signature_key_id=offer.signature_key_id or None,
        again=again,
    )


def state_of(case: Case, offer: Offer) -> Payload | None:
    """Return the event of an ended offer's state, which answers a late reply, or None where no event exists."""
    of_offer = _offer(case, offer)
    match offer.state:
        case State.EXPIRED:
            return events.OfferExpired(**of_offer, received=offer.received)
        case State.WITHDRAWN:
            return events.OfferWithdrawn(**of_offer, reason=offer.detail_for_partner)
        case State.RECALLED:
            return events.OfferRecalled(**of_offer, reason=offer.detail_for_partner)
    return None


def _offer(case: Case, offer: Offer) -> _OfOffer:
    return {
        "case_ref": case.id,
        "offer_id": offer.id,
        "partner_id": offer.partner_id,
        "need": offer.need,
        "urgency": case.urgency,
        "case_salt": offer.case_salt or None,
    }


def _offered(ctx: Context, case: Case, offer: Offer) -> events.OfferMade:
    """Leave out the reasons of the choice: they are in the timeline, and would reveal what the offer leaves out."""
    glimpse = ctx.policy.showing.glimpse(offer.need, case.report)
    return events.OfferMade(
        **_offer(case, offer),
        county=glimpse.county,
        region=glimpse.region,
        languages=glimpse.languages,
        respond_by=cast("datetime", offer.due),
        attempt=offer.attempt,
        policy_version=offer.policy_version,
    )


def _stated(reasons: tuple[Reason, ...]) -> tuple[StatedReason, ...]:
    return tuple(StatedReason(rule=reason.rule, text=reason.text) for reason in reasons)
