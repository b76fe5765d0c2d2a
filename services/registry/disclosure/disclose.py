"""Tell the partner that accepted how to reach the person: if consent and safety allow it at this very moment.

What was told is told anew, or called back, when the source corrects it: a partner that rings a number that is no longer safe is
worse than one that has none.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

from ngao.chassis.security.vouches import Distrust, Recipient
from ngao.kernel import acceptance
from ngao.kernel.pairwise import case_ref_for
from services.registry.cases.finding import case_heard_of
from services.registry.cases.model import Case
from services.registry.disclosure.model import Contact, Disclosure, Refusal, judge
from services.registry.people.finding import cases_of, person_of
from services.registry.people.identity import ContactSafety
from services.registry.people.model import Person
from services.registry.ports import REGISTRY, Ports


@dataclass(frozen=True)
class AcceptedOffer:
    """A partner took the referral. What the event says of its keys is believed only as far as it can be verified."""

    case_ref: str
    offer_id: str
    partner_id: str
    vouch: str | None = None
    signature: str | None = None
    case_salt: str | None = None

    @property
    def partner_case_ref(self) -> str:
        """The reference by which the partner knows the case, which it signs."""
        return case_ref_for(self.partner_id, self.case_ref, self.case_salt)


def disclose_contact(ports: Ports, offer: AcceptedOffer) -> Disclosure:
    """Disclose or withhold, once for each offer. Raises Retryable for an unknown case.

    What was withheld is asked again when the acceptance is told again, as it is when operators vouch for the partner's keys.
    The case is written as well: every change of consent or restriction writes it too, so one that comes at the same
    moment makes this a Conflict, and the question is asked again.
    """
    done = ports.disclosures.get(offer.offer_id)
    if done is not None and (done.ended or not done.refusal):
        return done
    case = case_heard_of(ports, offer.case_ref)
    answer = _judge(ports, case, offer.partner_id)
    recipient = answer if isinstance(answer, Refusal) else _recipient(ports, offer)
    refusal = recipient if isinstance(recipient, Refusal) else None
    if done is not None and done.refusal is refusal:
        return _with_keys_of(ports, done, offer)
    disclosure = Disclosure(
        offer.offer_id, case.id, offer.partner_id, ports.now, refusal, offer.vouch, offer.signature,
        case_salt=offer.case_salt, revision=done.revision if done else 0,
    )  # fmt: skip
    if isinstance(answer, Contact) and isinstance(recipient, Recipient):
        box = ports.boxes.seal_to(recipient.box_key, _content(offer, answer))
        ports.recipients.pin(offer.partner_id, recipient)
        ports.voice.contact_disclosed(case, disclosure, recipient.key_id, box)
    else:
        ports.voice.contact_withheld(case, disclosure)
    ports.cases.save(case)
    ports.disclosures.save(disclosure)
    _audit(ports, disclosure)
    return disclosure


def _with_keys_of(ports: Ports, disclosure: Disclosure, offer: AcceptedOffer) -> Disclosure:
    """What came with the acceptance told again counts when the question is asked next."""
    if (disclosure.vouch, disclosure.signature) != (offer.vouch, offer.signature):
        disclosure.vouch, disclosure.signature = offer.vouch, offer.signature
        ports.disclosures.save(disclosure)
    return disclosure


def _judge(ports: Ports, case: Case, partner_id: str) -> Contact | Refusal:
    person = person_of(ports, case.defender_ref)
    return judge(case, person, partner_id, ports.now, earlier=_earlier_safety(ports, case, person))


def _earlier_safety(ports: Ports, case: Case, person: Person | None) -> ContactSafety | None:
    """What the person's own last report called safe; asked only for a report by reference alone."""
    if person is None or case.told.identity:
        return None
    told = [each.told for each in cases_of(ports, person) if each.is_open and each.told.identity]
    return told[-1].contact_safety if told else None


def _recipient(ports: Ports, offer: AcceptedOffer) -> Recipient | Refusal:
    """The keys that operators vouch for, if the partner itself has signed its acceptance of this offer."""
    recipient = ports.recipients.judge(offer.vouch, offer.partner_id)
    if isinstance(recipient, Distrust):
        return Refusal(recipient.value)
    accepted = acceptance.to_sign(offer.partner_id, offer.offer_id, offer.partner_case_ref)
    return recipient if recipient.signed(acceptance.PURPOSE, accepted, offer.signature) else Refusal.NOT_SIGNED


def disclose_again(ports: Ports, case: Case, *, corrected: bool = False) -> None:
    """Ask again for each partner: give those at work what they may have now, call back what no partner must use any more.

    A partner whose work is over gets nothing new, but it still holds what it was given. To be called whenever consent,
    restrictions or the person change. A contact that a partner has and may keep is sent anew only if it is `corrected`.
    The caller writes the case, which is what a disclosure at the same moment collides with.
    """
    for disclosure in ports.disclosures.of(case.id):
        if not disclosure.ended:
            _again(ports, case, disclosure, corrected=corrected)
        elif not disclosure.refusal:
            _keep_or_call_back(ports, case, disclosure, _judge(ports, case, disclosure.partner_id))


def contact_may_leave(ports: Ports, offer_id: str) -> bool:
    """Whether a disclosed contact may be sent at this moment. If not, it is withheld from now on, and its partner gets to know.

    The partner may have the contact already, from its catch-up or from an earlier sending, so that it is called back as well.
    Raises Retryable for an unknown case.
    """
    disclosure = ports.disclosures.get(offer_id)
    if disclosure is None or disclosure.refusal:
        return False
    case = case_heard_of(ports, disclosure.case_ref)
    answer = Refusal.ENDED if disclosure.ended else _judge(ports, case, disclosure.partner_id)
    return _keep_or_call_back(ports, case, disclosure, answer)


def end_disclosure(ports: Ports, case_ref: str, offer_id: str, partner_id: str, case_salt: str | None = None) -> None:
    """The partner works on the case no longer: it gets no corrections.

    An end that overtakes its acceptance answers it, too, because the acceptance will not be asked about again.
    """
    disclosure = ports.disclosures.get(offer_id)
    if disclosure is None:
        disclosure = Disclosure(offer_id, case_ref, partner_id, ports.now, Refusal.ENDED, case_salt=case_salt)
        ports.voice.contact_withheld(case_heard_of(ports, case_ref), disclosure)
        _audit(ports, disclosure)
    disclosure.ended = True
    ports.disclosures.save(disclosure)


def _keep_or_call_back(ports: Ports, case: Case, disclosure: Disclosure, answer: Contact | Refusal) -> bool:
    """Whether the partner may have what it was given; if not, it is called back."""
    if isinstance(answer, Contact):
        return True
    disclosure.refusal, disclosure.at = answer, ports.now
    ports.voice.contact_withheld(case, disclosure, recalled=True)
    ports.disclosures.save(disclosure)
    _audit(ports, disclosure)
    return False


def _again(ports: Ports, case: Case, disclosure: Disclosure, *, corrected: bool) -> None:
    answer = _judge(ports, case, disclosure.partner_id)
    had = disclosure.refusal is None
    if isinstance(answer, Contact) and had and not corrected:
        return
    offer = AcceptedOffer(
        case.id, disclosure.id, disclosure.partner_id, disclosure.vouch, disclosure.signature, disclosure.case_salt
    )
    recipient = answer if isinstance(answer, Refusal) else _recipient(ports, offer)
    if isinstance(answer, Contact) and isinstance(recipient, Recipient):
        disclosure.refusal, disclosure.at = None, ports.now
        box = ports.boxes.seal_to(recipient.box_key, _content(offer, answer))
        ports.recipients.pin(offer.partner_id, recipient)
        ports.voice.contact_disclosed(case, disclosure, recipient.key_id, box, supersedes=had)
    elif isinstance(recipient, Refusal) and recipient is not disclosure.refusal:
        known = disclosure.refusal.said_to_partner if disclosure.refusal else None
        disclosure.refusal, disclosure.at = recipient, ports.now
        if recipient.said_to_partner != known:
            ports.voice.contact_withheld(case, disclosure, recalled=had)
    else:
        return
    ports.disclosures.save(disclosure)
    _audit(ports, disclosure)


def _content(offer: AcceptedOffer, contact: Contact) -> bytes:
    content = {
        "v": 1,
        "case_ref": offer.partner_case_ref,
        "offer_id": offer.offer_id,
        **contact.identity.as_dict(),
        "contact_safety": contact.safety.as_dict(),
    }
    return json.dumps(content, ensure_ascii=False, separators=(",", ":")).encode()


def _audit(ports: Ports, disclosure: Disclosure) -> None:
    detail = {"offer_id": disclosure.id, "partner_id": disclosure.partner_id}
    if disclosure.refusal:
        detail["reason"] = str(disclosure.refusal)
    action = "contact.withheld" if disclosure.refusal else "contact.disclosed"
    ports.audit.record(action, subject=disclosure.case_ref, actor=REGISTRY, detail=detail)
