"""Disclose the person's contact to the partner that accepted, if consent and safety allow it at this very moment.

A disclosure is sent again, or recalled, when the source corrects it: a partner that rings a number that is no longer safe is
worse than one that has none.
"""

from __future__ import annotations

from datetime import timedelta

from ngao.broker.exchanges import PARTNERS
from ngao.chassis.handlers import before_publishing, measures, on
from ngao.chassis.measuring import OFTEN_S
from ngao.chassis.messaging.destinations import EVENTS
from ngao.chassis.security.vouches import NotBelieved, RecipientKeys
from ngao.contracts.events.referral import OfferAccepted, OfferCompleted, OfferFailed, OfferRecalled
from ngao.contracts.events.registry import ContactDisclosed, ContactWithheld
from ngao.kernel import acceptance
from services.registry.cases.model import Case, CaseState
from services.registry.contact.model import Standing, Stated, Way
from services.registry.contact.standing import standing_of, stated_in, terms_of
from services.registry.contact.ways import ways
from services.registry.context import REGISTRY, Context, RegistryParts
from services.registry.disclosure.content import content_of
from services.registry.disclosure.model import Contact, Disclosure, Refusal, contact_or_refusal
from services.registry.disclosure.store import withheld_for_keys
from services.registry.people.finding import case_with_contact, cases_of, known_case, person_of, probable_people
from services.registry.people.identity import ContactSafety, ReportedIdentity
from services.registry.people.model import Person

_KEYS_LOOKED_AT = timedelta(days=7)
_AS_DISCLOSED = ContactSafety(may_contact=True, channels=("phone", "sms", "email"))
"""Replaces the safe contact by which a contact was disclosed, where retention has erased it."""


@on(OfferAccepted)
def disclose_contact(ctx: Context, offer: OfferAccepted) -> Disclosure:
    """Disclose or withhold, once for each offer. Raises Retryable for an unknown case.

    A withheld contact is decided again when the acceptance is published again, which a new vouch for the partner's keys causes.
    The case is written as well: every change of consent or restriction writes it too, so one that comes at the same
    moment causes a Conflict, and the decision is made again.
    """
    done = ctx.disclosures.get(offer.offer_id)
    if done is not None and (done.ended or not done.refusal):
        return done
    case = known_case(ctx, offer.case_ref)
    if done is not None:
        return _decide_republished(ctx, case, done, offer)
    keys = (offer.vouch, offer.signature)
    disclosure = Disclosure(offer.offer_id, case.id, offer.partner_id, ctx.now, None, *keys, case_salt=offer.case_salt)
    decided = _decide(ctx, case, disclosure)
    if isinstance(decided, Refusal):
        disclosure.refusal = decided
        _publish_withheld(ctx, case, disclosure)
    else:
        _disclose(ctx, case, disclosure, *decided)
    ctx.cases.save(case)
    _store(ctx, disclosure)
    return disclosure


def _decide_republished(ctx: Context, case: Case, disclosure: Disclosure, offer: OfferAccepted) -> Disclosure:
    """Decide again with the keys of an acceptance that was published again, and store them: later decisions use them, too."""
    keys = (offer.vouch, offer.signature, offer.case_salt)
    if (disclosure.vouch, disclosure.signature, disclosure.case_salt) != keys:
        disclosure.vouch, disclosure.signature, disclosure.case_salt = keys
        ctx.disclosures.save(disclosure)
    if _decide_again(ctx, case, disclosure):
        ctx.cases.save(case)
    return disclosure


def _decide(ctx: Context, case: Case, disclosure: Disclosure) -> tuple[Contact, RecipientKeys] | Refusal:
    """Return the contact that the partner may have now and the keys to seal it to, or why not."""
    contact = _contact_or_refusal(ctx, case, disclosure.partner_id)
    if isinstance(contact, Refusal):
        return contact
    recipient = _recipient(ctx, disclosure)
    return recipient if isinstance(recipient, Refusal) else (contact, recipient)


def _contact_or_refusal(ctx: Context, case: Case, partner_id: str, *, held: bool = False) -> Contact | Refusal:
    """Return the contact that the partner may get now, or, if it has it already (`held`), may keep; or why not."""
    person = person_of(ctx, case.defender_ref)
    stated = case_with_contact(ctx, case, person) if person else None
    earlier = stated.facts if stated else _erased_facts(ctx, person) if person and held else None
    probable = probable_people(ctx, case)
    standing = standing_of(ctx, person, probable) if person else None
    return contact_or_refusal(
        case, person, partner_id, ctx.now, probable=probable, earlier=earlier, standing=standing,
        stated_at=stated_in(stated).at if stated else None, held=held,
    )  # fmt: skip


def contact_held(ctx: Context, offer_id: str, partner_id: str) -> list[Way]:
    """Return the contacts that a partner has for its offer and may still use; none for any other offer."""
    disclosure = ctx.disclosures.get(offer_id)
    if disclosure is None or disclosure.partner_id != partner_id or disclosure.refusal or disclosure.ended:
        return []
    case = ctx.cases.get(disclosure.case_ref)
    contact = _contact_or_refusal(ctx, case, partner_id, held=True) if case else Refusal.UNKNOWN_PERSON
    if isinstance(contact, Refusal):
        return []
    stated = Stated(contact.identity, contact.safety, ctx.now)
    return list(contact.ways) or ways(stated, Standing(terms_of(ctx)), ctx.now)


def _erased_facts(ctx: Context, person: Person) -> ReportedIdentity | None:
    """Return what replaces the facts by which a partner has its contact, if retention has erased them.

    They are those of an earlier case, where a report names the person by reference alone. Once that case is erased, no partner
    gets a contact by it, but a partner that has the contact keeps it: no source and no operator has said that it is not safe any
    more. A recall would end help without a cause (law 8), and show the partner that there was another report, and when (law 10).
    """
    cases = cases_of(ctx, person)
    is_erased = any(case.state is CaseState.ERASED and case.withdrawn_at is None for case in cases)
    if not is_erased or any(case.facts.identity for case in cases):
        return None
    return ReportedIdentity(person.identity, contact_safety=_AS_DISCLOSED)


def _recipient(ctx: Context, offer: Disclosure) -> RecipientKeys | Refusal:
    """Return the keys that operators vouch for, if the partner itself has signed its acceptance of this offer."""
    recipient = ctx.recipients.judge(offer.vouch, offer.partner_id)
    if isinstance(recipient, NotBelieved):
        return Refusal(recipient.value)
    accepted = acceptance.to_sign(offer.partner_id, offer.id, offer.partner_case_ref)
    return recipient if recipient.signed(acceptance.PURPOSE, accepted, offer.signature) else Refusal.NOT_SIGNED


def disclose_again(ctx: Context, case: Case, *, corrected: bool = False, void: bool = False) -> None:
    """Decide again for each partner: disclose to those at work what they may have now, recall what no partner must use.

    A partner whose work is over gets nothing new, but it still holds what it was given. Call this whenever consent,
    restrictions or the person change. A contact that a partner has and may keep is sent again only if it is `corrected`.
    If it may be another person's or its report is withdrawn (`void`), a partner whose work is over must not use it any more.
    The caller writes the case, so that a disclosure at the same moment conflicts.
    """
    for disclosure in ctx.disclosures.of(case.id):
        if not disclosure.refusal and (disclosure.ended or not corrected):
            over, held = void and disclosure.ended, not (corrected or void)
            answer = Refusal.ENDED if over else _contact_or_refusal(ctx, case, disclosure.partner_id, held=held)
            _keep_or_recall(ctx, case, disclosure, answer)
        elif not disclosure.ended:
            _decide_again(ctx, case, disclosure)


def disclose_again_by_reference(ctx: Context, case: Case, *, corrected: bool = False) -> None:
    """Decide again for cases that have their safe contact from this one: their reports name the person by reference alone.

    If its report is withdrawn, what they have from it must not be used any more.
    """
    person = person_of(ctx, case.defender_ref)
    cases = cases_of(ctx, person) if person else []
    void = not case.is_open and _was_last(case, cases)
    for other in cases:
        if other.id != case.id and other.is_open and not other.facts.identity:
            ctx.cases.save(other)
            disclose_again(ctx, other, corrected=corrected or void, void=void)


def _was_last(case: Case, cases: list[Case]) -> bool:
    """Return True if partners of cases by reference alone had their contact from a case, before it ended."""
    later = (other for other in cases if other.received_at > case.received_at)
    return case.facts.identity is not None and not any(other.is_open and other.facts.identity for other in later)


@before_publishing(ContactDisclosed)
def contact_may_leave(ctx: Context, event: ContactDisclosed) -> bool:
    """Decide whether a disclosed contact may be sent at this moment. If not, withhold it from now on and inform its partner.

    The partner may have the contact already, from its catch-up or from an earlier sending, so that it is recalled as well.
    One that another has replaced while it waited is not sent: it may be wrong, and the other follows.
    Raises Retryable for an unknown case.
    """
    disclosure = ctx.disclosures.get(event.offer_id)
    if disclosure is None or disclosure.refusal or disclosure.is_replaced(event.box):
        return False
    case = known_case(ctx, disclosure.case_ref)
    answer = Refusal.ENDED if disclosure.ended else _contact_or_refusal(ctx, case, disclosure.partner_id)
    return _keep_or_recall(ctx, case, disclosure, answer)


@on(OfferCompleted, OfferFailed, OfferRecalled)
def end_disclosure(ctx: Context, end: OfferCompleted | OfferFailed | OfferRecalled) -> None:
    """Mark the partner's work on the case as ended: it gets no corrections.

    An end that arrives before its acceptance decides it, too, because the acceptance will not be decided again.
    """
    disclosure = ctx.disclosures.get(end.offer_id)
    if disclosure is None:
        disclosure = Disclosure(end.offer_id, end.case_ref, end.partner_id, ctx.now, Refusal.ENDED, case_salt=end.case_salt)
        _publish_withheld(ctx, known_case(ctx, end.case_ref), disclosure)
        _audit(ctx, disclosure)
    disclosure.ended = True
    ctx.disclosures.save(disclosure)


def _keep_or_recall(ctx: Context, case: Case, disclosure: Disclosure, answer: Contact | Refusal) -> bool:
    """Let the partner keep what it may have, or recall it."""
    if isinstance(answer, Contact):
        return True
    disclosure.refusal, disclosure.at = answer, ctx.now
    _publish_withheld(ctx, case, disclosure, recalled=True)
    _store(ctx, disclosure)
    return False


def _decide_again(ctx: Context, case: Case, disclosure: Disclosure) -> bool:
    """Disclose what was withheld or has been corrected, or withhold it. Returns False if the refusal is the same as before.

    A reason that the partner knows is not sent again.
    """
    decided, earlier = _decide(ctx, case, disclosure), disclosure.refusal
    if isinstance(decided, Refusal):
        if decided is earlier:
            return False
        disclosure.refusal, disclosure.at = decided, ctx.now
        if earlier is None or decided.reason_for_partner != earlier.reason_for_partner:
            _publish_withheld(ctx, case, disclosure, recalled=earlier is None)
    else:
        disclosure.refusal, disclosure.at = None, ctx.now
        _disclose(ctx, case, disclosure, *decided, supersedes=earlier is None)
    _store(ctx, disclosure)
    return True


def _disclose(
    ctx: Context, case: Case, disclosure: Disclosure, contact: Contact, recipient: RecipientKeys, *, supersedes: bool = False
) -> None:
    """Publish the sealed contact to the partner that accepted; `supersedes` replaces what the partner has."""
    box = ctx.boxes.seal_to(recipient.box_key, content_of(disclosure, contact))
    ctx.recipients.pin(disclosure.partner_id, recipient)
    disclosure.note_box(box)
    disclosed = ContactDisclosed(
        case_ref=case.id,
        offer_id=disclosure.id,
        partner_id=disclosure.partner_id,
        case_salt=disclosure.case_salt,
        key_id=recipient.key_id,
        box=box,
        supersedes=supersedes,
    )
    _publish(ctx, case, disclosed)


def _publish_withheld(ctx: Context, case: Case, disclosure: Disclosure, *, recalled: bool = False) -> None:
    """Publish the refusal, with the reason that the partner may know; `recalled` forbids it to use what it has."""
    withheld = ContactWithheld(
        case_ref=case.id,
        offer_id=disclosure.id,
        partner_id=disclosure.partner_id,
        case_salt=disclosure.case_salt,
        reason=disclosure.refusal.reason_for_partner if disclosure.refusal else "",
        recalled=recalled,
    )
    _publish(ctx, case, withheld)


def _publish(ctx: Context, case: Case, event: ContactDisclosed | ContactWithheld) -> None:
    """Publish it to the partner, and to referral for the partner's catch-up."""
    ctx.publish(event, subject=case.id, urgent=case.urgent, partner_id=event.partner_id, to=(PARTNERS, EVENTS))


def _store(ctx: Context, disclosure: Disclosure) -> None:
    ctx.disclosures.save(disclosure)
    _audit(ctx, disclosure)


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
