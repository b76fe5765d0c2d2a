"""Disclose the person's contact to the partner that accepted, if consent and safety allow it at this very moment.

A disclosure is sent again, or recalled, when the source corrects it: a partner that rings a number that is no longer safe is
worse than one that has none.
"""

from __future__ import annotations

import json
from datetime import timedelta

from ngao.chassis.handlers import before_publishing, measures, on
from ngao.chassis.measuring import OFTEN_S
from ngao.chassis.security.vouches import Distrust, Recipient
from ngao.contracts.events.referral import OfferAccepted, OfferCompleted, OfferFailed, OfferRecalled
from ngao.contracts.events.registry import ContactDisclosed
from ngao.kernel import acceptance
from services.registry.cases.finding import known_case
from services.registry.cases.model import Case
from services.registry.context import REGISTRY, Context, RegistryParts
from services.registry.disclosure.model import Contact, Disclosure, Refusal, judge
from services.registry.disclosure.publishing import publish_disclosed, publish_withheld
from services.registry.disclosure.store import withheld_for_keys
from services.registry.people.finding import cases_of, person_of
from services.registry.people.identity import ContactSafety
from services.registry.people.model import Person

_KEYS_LOOKED_AT = timedelta(days=7)


@on(OfferAccepted)
def disclose_contact(ctx: Context, offer: OfferAccepted) -> Disclosure:
    """Disclose or withhold, once for each offer. Raises Retryable for an unknown case.

    A withheld contact is decided again when the acceptance is republished, as it is when operators vouch for the partner's keys.
    The case is written as well: every change of consent or restriction writes it too, so one that comes at the same
    moment causes a Conflict, and the decision is made again.
    """
    done = ctx.disclosures.get(offer.offer_id)
    if done is not None and (done.ended or not done.refusal):
        return done
    case = known_case(ctx, offer.case_ref)
    disclosure = Disclosure(
        offer.offer_id,
        case.id,
        offer.partner_id,
        ctx.now,
        None,
        offer.vouch,
        offer.signature,
        case_salt=offer.case_salt,
        revision=done.revision if done else 0,
    )
    answer = _judge(ctx, case, offer.partner_id)
    recipient = answer if isinstance(answer, Refusal) else _recipient(ctx, disclosure)
    disclosure.refusal = recipient if isinstance(recipient, Refusal) else None
    if done is not None and done.refusal is disclosure.refusal:
        return _with_keys_of(ctx, done, offer)
    if isinstance(answer, Contact) and isinstance(recipient, Recipient):
        _disclose(ctx, case, disclosure, answer, recipient)
    else:
        publish_withheld(ctx, case, disclosure)
    ctx.cases.save(case)
    ctx.disclosures.save(disclosure)
    _audit(ctx, disclosure)
    return disclosure


def _with_keys_of(ctx: Context, disclosure: Disclosure, offer: OfferAccepted) -> Disclosure:
    """Store the keys of the republished acceptance, so that the next decision uses them."""
    if (disclosure.vouch, disclosure.signature) != (offer.vouch, offer.signature):
        disclosure.vouch, disclosure.signature = offer.vouch, offer.signature
        ctx.disclosures.save(disclosure)
    return disclosure


def _judge(ctx: Context, case: Case, partner_id: str) -> Contact | Refusal:
    person = person_of(ctx, case.defender_ref)
    return judge(case, person, partner_id, ctx.now, earlier=_earlier_safety(ctx, case, person))


def _earlier_safety(ctx: Context, case: Case, person: Person | None) -> ContactSafety | None:
    """Return the safe contact of the person's own last report, needed only for a report by reference alone."""
    if person is None or case.told.identity:
        return None
    told = [other.told for other in cases_of(ctx, person) if other.is_open and other.told.identity]
    return told[-1].contact_safety if told else None


def _recipient(ctx: Context, offer: Disclosure) -> Recipient | Refusal:
    """Return the keys that operators vouch for, if the partner itself has signed its acceptance of this offer."""
    recipient = ctx.recipients.judge(offer.vouch, offer.partner_id)
    if isinstance(recipient, Distrust):
        return Refusal(recipient.value)
    accepted = acceptance.to_sign(offer.partner_id, offer.id, offer.partner_case_ref)
    return recipient if recipient.signed(acceptance.PURPOSE, accepted, offer.signature) else Refusal.NOT_SIGNED


def disclose_again(ctx: Context, case: Case, *, corrected: bool = False) -> None:
    """Decide again for each partner: disclose to those at work what they may have now, recall what no partner must use.

    A partner whose work is over gets nothing new, but it still holds what it was given. Call this whenever consent,
    restrictions or the person change. A contact that a partner has and may keep is sent again only if it is `corrected`.
    The caller writes the case, so that a disclosure at the same moment conflicts.
    """
    for disclosure in ctx.disclosures.of(case.id):
        if not disclosure.ended:
            _again(ctx, case, disclosure, corrected=corrected)
        elif not disclosure.refusal:
            _keep_or_recall(ctx, case, disclosure, _judge(ctx, case, disclosure.partner_id))


@before_publishing(ContactDisclosed)
def contact_may_leave(ctx: Context, event: ContactDisclosed) -> bool:
    """Decide whether a disclosed contact may be sent at this moment. If not, withhold it from now on and inform its partner.

    The partner may have the contact already, from its catch-up or from an earlier sending, so that it is recalled as well.
    Raises Retryable for an unknown case.
    """
    disclosure = ctx.disclosures.get(event.offer_id)
    if disclosure is None or disclosure.refusal:
        return False
    case = known_case(ctx, disclosure.case_ref)
    answer = Refusal.ENDED if disclosure.ended else _judge(ctx, case, disclosure.partner_id)
    return _keep_or_recall(ctx, case, disclosure, answer)


@on(OfferCompleted, OfferFailed, OfferRecalled)
def end_disclosure(ctx: Context, end: OfferCompleted | OfferFailed | OfferRecalled) -> None:
    """Mark the partner's work on the case as ended: it gets no corrections.

    An end that arrives before its acceptance answers it, too, because the acceptance will not be decided again.
    """
    disclosure = ctx.disclosures.get(end.offer_id)
    if disclosure is None:
        disclosure = Disclosure(end.offer_id, end.case_ref, end.partner_id, ctx.now, Refusal.ENDED, case_salt=end.case_salt)
        publish_withheld(ctx, known_case(ctx, end.case_ref), disclosure)
        _audit(ctx, disclosure)
    disclosure.ended = True
    ctx.disclosures.save(disclosure)


def _keep_or_recall(ctx: Context, case: Case, disclosure: Disclosure, answer: Contact | Refusal) -> bool:
    """Let the partner keep what it may have, or recall it."""
    if isinstance(answer, Contact):
        return True
    disclosure.refusal, disclosure.at = answer, ctx.now
    publish_withheld(ctx, case, disclosure, recalled=True)
    ctx.disclosures.save(disclosure)
    _audit(ctx, disclosure)
    return False


def _again(ctx: Context, case: Case, disclosure: Disclosure, *, corrected: bool) -> None:
    answer = _judge(ctx, case, disclosure.partner_id)
    had = disclosure.refusal is None
    if isinstance(answer, Contact) and had and not corrected:
        return
    recipient = answer if isinstance(answer, Refusal) else _recipient(ctx, disclosure)
    if isinstance(answer, Contact) and isinstance(recipient, Recipient):
        disclosure.refusal, disclosure.at = None, ctx.now
        _disclose(ctx, case, disclosure, answer, recipient, supersedes=had)
    elif isinstance(recipient, Refusal) and recipient is not disclosure.refusal:
        known = disclosure.refusal.said_to_partner if disclosure.refusal else None
        disclosure.refusal, disclosure.at = recipient, ctx.now
        if recipient.said_to_partner != known:
            publish_withheld(ctx, case, disclosure, recalled=had)
    else:
        return
    ctx.disclosures.save(disclosure)
    _audit(ctx, disclosure)


def _disclose(
    ctx: Context, case: Case, disclosure: Disclosure, contact: Contact, recipient: Recipient, *, supersedes: bool = False
) -> None:
    box = ctx.boxes.seal_to(recipient.box_key, _content(disclosure, contact))
    ctx.recipients.pin(disclosure.partner_id, recipient)
    publish_disclosed(ctx, case, disclosure, recipient.key_id, box, supersedes=supersedes)


def _content(disclosure: Disclosure, contact: Contact) -> bytes:
    content = {
        "v": 1,
        "case_ref": disclosure.partner_case_ref,
        "offer_id": disclosure.id,
        **contact.identity.as_dict(),
        "contact_safety": contact.safety.as_dict(),
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _audit(ctx: Context, disclosure: Disclosure) -> None:
    detail = {"offer_id": disclosure.id, "partner_id": disclosure.partner_id}
    if disclosure.refusal:
        detail["reason"] = str(disclosure.refusal)
    action = "contact.withheld" if disclosure.refusal else "contact.disclosed"
    ctx.audit(action, subject=disclosure.case_ref, actor=REGISTRY, detail=detail)


@measures(seconds=OFTEN_S)
def measure_withheld_for_keys(parts: RegistryParts) -> None:
    """Export the number of contacts withheld because a partner's keys have no vouch: an operator can fix it."""
    now = parts.clock.now()
    count, first = withheld_for_keys(now - _KEYS_LOOKED_AT)
    parts.metrics.overdue("partner_keys", count, (now - first).total_seconds() if first else 0.0)
