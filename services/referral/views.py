"""The domain as answers show it: plain JSON values."""

from __future__ import annotations

from datetime import time
from typing import Any

from ngao.chassis.messaging.backlog import Unreached
from services.referral.cases.model import Case
from services.referral.directory.model import Hours, Partner
from services.referral.matching.explain_match import Explained
from services.referral.matching.model import Load
from services.referral.offers.model import Offer
from services.referral.ports import Hop, rules_of

_LISTED = 100


def partner_view(partner: Partner, load: Load | None = None, missed: Unreached | None = None) -> dict[str, Any]:
    """A partner without its keys' hashes, with its load where it is known, and with what its queue does not take."""
    view: dict[str, Any] = {
        "id": partner.id,
        "name": partner.name,
        "support_types": list(partner.support_types),
        "counties": list(partner.counties),
        "languages": list(partner.languages),
        "capacity": partner.capacity,
        "public_key": partner.public_key,
        "signing_key": partner.signing_key,
        "vouch": partner.vouch,
        "vetted": partner.vetted,
        "suspended": partner.suspended,
        "revoked": partner.revoked,
        "timezone": partner.timezone,
        "hours": [
            {"opens": each.opens.isoformat("minutes"), "closes": _end_of(each), "days": list(each.days)}
            for each in partner.hours
        ],
    }
    view |= {"held": load.held, "asked": load.asked} if load else {}
    return view | ({"undelivered": missed.waiting} if missed else {})


def _end_of(hours: Hours) -> str:
    return hours.closes.isoformat("minutes") if hours.closes != time.min else "24:00"


def held_view(offers: list[tuple[Case, Offer]]) -> dict[str, Any]:
    """What a partner has open or has taken."""
    return {"offers": [_of_case(case, offer) for case, offer in offers]}


def _of_case(case: Case, offer: Offer) -> dict[str, Any]:
    """For an operator: with the reference that the partner uses when it calls."""
    return {**offer_view(case.id, case.urgency, offer), "partner_case_ref": case.ref_for(offer)}


def offer_view(case_ref: str, urgency: str, offer: Offer) -> dict[str, Any]:
    """Where an offer stands."""
    return {
        "offer_id": offer.id,
        "case_ref": case_ref,
        "partner_id": offer.partner_id,
        "need": offer.need,
        "urgency": urgency,
        "state": offer.state.value,
        "attempt": offer.attempt,
        "received": offer.received,
        "detail": offer.detail,
        "contact": offer.contact,
        "narrative": offer.narrative,
        "made_at": offer.made_at,
        "due": offer.due,
        "reasons": rules_of(offer.reasons),
        "policy_version": offer.policy_version,
    }


def own_offer_view(case_ref: str, urgency: str, offer: Offer) -> dict[str, Any]:
    """The same for the partner itself, without why it was chosen, and with a reason that it may know."""
    return {**offer_view(case_ref, urgency, offer), "reasons": [], "detail": offer.detail_for_partner}


def case_view(case: Case) -> dict[str, Any]:
    """A case in short."""
    return {
        "case_ref": case.id,
        "state": case.life.value,
        "closed_reason": case.closed_reason,
        "urgency": case.urgency,
        "county": case.report.county if case.report else "",
        "created_at": case.created_at,
        "next_deadline": case.next_deadline,
        "needs": [
            {"need": need.name, "state": need.state.value, "match_again": need.match_again, "proposed": need.proposed}
            for need in case.needs.values()
        ],
    }


def story_view(case: Case, hops: list[Hop]) -> dict[str, Any]:
    """A case with its offers and its story."""
    offers = [_of_case(case, offer) for offer in case.offers]
    return {**case_view(case), "offers": offers, "story": [_hop_view(hop) for hop in hops]}


def _hop_view(hop: Hop) -> dict[str, Any]:
    return {
        "at": hop.at,
        "what": hop.what,
        "actor": hop.actor,
        "text": hop.text,
        "need": hop.need,
        "offer_id": hop.offer_id,
        "partner_id": hop.partner_id,
        "reason": hop.reason,
        "reasons": rules_of(hop.reasons),
    }


def matches_view(case_ref: str, explained: list[Explained]) -> dict[str, Any]:
    """The dry run, explained."""
    return {"case_ref": case_ref, "matches": [_match_view(each) for each in explained]}


def _match_view(explained: Explained) -> dict[str, Any]:
    match = explained.match
    return {
        "need": explained.need,
        "candidates": [
            {"partner_id": each.partner_id, "score": each.score, "reasons": rules_of(each.reasons)} for each in match.candidates
        ],
        "excluded": [
            {"partner_id": each.partner_id, "reason": rules_of([each.reason])[0]} for each in match.excluded[:_LISTED]
        ],
        "excluded_count": len(match.excluded),
        "directory_size": match.directory_size,
        "policy_version": match.policy_version,
        "asked_about": rules_of([explained.asked_about])[0] if explained.asked_about else None,
    }
