"""Apply a partner's reply to a case: once, stored when it is early, answered by the state when it is late."""

from __future__ import annotations

from datetime import datetime

from ngao.kernel.actors import Actor
from services.referral.cases.changes import Kind
from services.referral.cases.deadlines import Waits
from services.referral.cases.model import Case
from services.referral.offers.model import Offer, Reply, ReplyOutcome, State, Verb

NO_LONGER_NEEDED = "no_longer_needed"


def apply_reply(case: Case, offer: Offer, reply: Reply, now: datetime, waits: Waits, *, keep_early: bool) -> ReplyOutcome:
    """Apply a reply to one of the case's offers and return its outcome.

    With `keep_early` a reply that arrives before the acceptance is stored and applied as soon as that comes.
    """
    verb = reply.verb
    if verb is Verb.ACCEPT and offer.open:
        case.check_consent(offer, now)
    verdict = offer.outcome_of(verb)
    if verdict is ReplyOutcome.DONE:
        _follow(case, offer, reply, now, waits)
    elif verdict is ReplyOutcome.EARLY and keep_early:
        _keep(case, offer, reply)
    elif verdict is ReplyOutcome.LATE:
        _answer_late(case, offer, reply)
    return verdict


def _follow(case: Case, offer: Offer, reply: Reply, now: datetime, waits: Waits) -> None:
    verb, detail = reply.verb, reply.detail
    ends = {Verb.ACCEPT: now + waits.start_by, Verb.START: now + waits.complete_by}
    if verb is Verb.ACCEPT:
        offer.signature, offer.signature_key_id = reply.signature, reply.signature_key_id
    offer.move(verb, detail, now, ends.get(verb))
    if verb is Verb.ACCEPT:
        offer.disclose_by = now + waits.disclose_by
    case.record_offer(Kind(offer.state.value), offer, actor=_actor(offer, reply))
    if verb is Verb.COMPLETE or (verb is Verb.FAIL and detail == NO_LONGER_NEEDED):
        case.settle_need(offer.need, now)
    elif not offer.live:
        case.needs[offer.need].free()
    if verb is Verb.ACCEPT:
        _follow_kept(case, offer, now, waits)


def _follow_kept(case: Case, offer: Offer, now: datetime, waits: Waits) -> None:
    kept = sorted(((Verb(verb), detail) for verb, detail in offer.early), key=lambda each: each[0] is not Verb.START)
    offer.early.clear()
    for verb, detail in kept:
        if offer.outcome_of(verb) is ReplyOutcome.DONE:
            _follow(case, offer, Reply(offer.id, verb, detail), now, waits)


def _keep(case: Case, offer: Offer, reply: Reply) -> None:
    if reply.verb not in {kept for kept, _ in offer.early}:
        offer.early.append((reply.verb.value, reply.detail))
        case.record_offer(Kind.REPLY_EARLY, offer, reason=reply.verb.value, actor=_actor(offer, reply))


def _answer_late(case: Case, offer: Offer, reply: Reply) -> None:
    verb = reply.verb
    if verb in offer.late:
        return
    offer.late.append(verb.value)
    case.record_offer(Kind.REPLY_LATE, offer, reason=verb.value, actor=_actor(offer, reply))
    if verb is Verb.ACCEPT and offer.state is State.EXPIRED and not case.closed and not _has_another(case, offer):
        # A late acceptance is worth more than a human's phone calls: while the need is free, the partner is asked again.
        need = case.needs[offer.need]
        need.second_chance.add(offer.partner_id)
        need.return_to_matching()


def _has_another(case: Case, offer: Offer) -> bool:
    """Return True if the partner got another offer for the need in the present round: it has a second chance once in each."""
    present = case.offers[case.needs[offer.need].round_start :]
    return any((other.partner_id, other.need) == (offer.partner_id, offer.need) and other.id != offer.id for other in present)


def _actor(offer: Offer, reply: Reply) -> Actor:
    return reply.by or Actor.partner(offer.partner_id)
