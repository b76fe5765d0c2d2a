"""Find the partner who can help now, for every need that waits for one."""

from __future__ import annotations

from collections import Counter

from services.referral.cases.announcing import store_case
from services.referral.cases.facts import Reason
from services.referral.cases.model import Case
from services.referral.cases.need import Need
from services.referral.context import Context
from services.referral.matching.model import FULL, Candidate, Match, MatchRequest
from services.referral.offers.model import Offer

NO_CONSENT = "no_consent"
NO_PARTNER = "no_partner"
ALL_SILENT = "all_declined_or_silent"
_NOT_AGREED = Reason("no_consent", "The person has not agreed to be referred, so no partner may be asked.")
_NO_PARTNER = Reason("nobody_there", "The directory has no other partner for this support in this county.")


def route_and_store(ctx: Context, case: Case) -> None:
    """Offer what can be offered, hand the rest to a human, and store the case."""
    for need in case.pending():
        _route(ctx, case, need)
    store_case(ctx, case)


def request_of(ctx: Context, case: Case, need: Need) -> MatchRequest:
    """Return the criteria of a match for this need."""
    return MatchRequest(
        case_ref=case.id,
        need=need.name,
        county=case.county,
        languages=case.report.languages if case.report else (),
        never=case.defender.never_refer if case.defender else frozenset(),
        tried=case.tried(need.name),
        consent=case.effective_consent(ctx.now),
        now=ctx.now,
    )


def _route(ctx: Context, case: Case, need: Need) -> None:
    match_again = ctx.now + ctx.deadlines.of(case.urgency, need.name).match_again
    request = request_of(ctx, case, need)
    if not request.consent.given:
        case.hand_to_human(need.name, NO_CONSENT, (_NOT_AGREED,), match_again)
        return
    match = ctx.directory.matcher(ctx.engagements.loads).match(request)
    for best in match.candidates:
        offer = _offer(ctx, case, need, best, match)
        if ctx.engagements.reserve(offer, best.capacity):
            case.offer(offer, ctx.now)
            return
    reason = ALL_SILENT if any(offer.need == need.name for offer in case.offers[need.round_start :]) else NO_PARTNER
    case.hand_to_human(need.name, reason, _summary(match), match_again)


def _offer(ctx: Context, case: Case, need: Need, best: Candidate, match: Match) -> Offer:
    return Offer(
        id=ctx.new_id(),
        need=need.name,
        partner_id=best.partner_id,
        attempt=1 + sum(offer.need == need.name for offer in case.offers),
        made_at=ctx.now,
        due=ctx.now + ctx.deadlines.of(case.urgency, need.name).respond_by,
        policy_version=match.policy_version,
        reasons=best.reasons,
        case_salt=case.salt_for(best.partner_id) or ctx.new_id(),
    )


def _summary(match: Match) -> tuple[Reason, ...]:
    """Return why no partner is left, one sentence per rule."""
    counts = Counter(exclusion.reason for exclusion in match.excluded)
    counts.update(FULL for _ in match.candidates)  # they had a place a moment ago
    reasons = (Reason(reason.rule, f"{reason.text} ({count} of them.)") for reason, count in counts.most_common())
    return (*reasons, _NO_PARTNER)
