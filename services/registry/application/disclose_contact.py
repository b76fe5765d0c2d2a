"""Tell the partner that accepted how to reach the person: if consent and safety allow it at this very moment."""

from __future__ import annotations

import json
from dataclasses import dataclass, field

from services.registry.application.learn_report_changes import case_heard_of
from services.registry.application.people import cases_of, person_of
from services.registry.application.ports import Ports
from services.registry.domain.case import Case
from services.registry.domain.defender import Person
from services.registry.domain.disclosure import Contact, Disclosure, Refusal, judge
from services.registry.domain.identity import ContactSafety


@dataclass(frozen=True)
class AcceptedOffer:
    """A partner took the referral; its public key came with the event."""

    case_ref: str
    offer_id: str
    partner_id: str
    public_key: str = field(repr=False)
    key_id: str


def disclose_contact(ports: Ports, offer: AcceptedOffer) -> Disclosure:
    """Disclose or withhold, once for each offer. Raises Retryable for an unknown case, InvalidInput for a broken key.

    The case is written as well: every change of consent or restriction writes it too, so one that comes at the same
    moment makes this a Conflict, and the question is asked again.
    """
    done = ports.disclosures.get(offer.offer_id)
    if done is not None:
        return done
    case = case_heard_of(ports, offer.case_ref)
    person = person_of(ports, case.defender_ref)
    answer = judge(case, person, offer.partner_id, ports.now, earlier=_earlier_safety(ports, case, person))
    refusal = answer if isinstance(answer, Refusal) else None
    disclosure = Disclosure(offer.offer_id, case.id, offer.partner_id, ports.now, refusal)
    if isinstance(answer, Contact):
        box = ports.boxes.seal_to(offer.public_key, _content(case, offer, answer))
        ports.voice.contact_disclosed(case, disclosure, offer.key_id, box)
    else:
        ports.voice.contact_withheld(case, disclosure)
    ports.cases.save(case)
    ports.disclosures.save(disclosure)
    _audit(ports, disclosure)
    return disclosure


def _earlier_safety(ports: Ports, case: Case, person: Person | None) -> ContactSafety | None:
    """What the person's own last report called safe; asked only for a report by reference alone."""
    if person is None or case.told.identity:
        return None
    told = [each.told for each in cases_of(ports, person) if each.is_open and each.told.identity]
    return told[-1].contact_safety if told else None


def _content(case: Case, offer: AcceptedOffer, contact: Contact) -> bytes:
    content = {
        "v": 1,
        "case_ref": case.id,
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
    ports.audit.record(action, subject=disclosure.case_ref, actor="registry", detail=detail)
