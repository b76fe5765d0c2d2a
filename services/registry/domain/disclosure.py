"""Whether a partner may be told how to reach the person: asked again at the moment of telling."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from services.registry.domain.case import Case, CaseState
from services.registry.domain.consent import Standing, standing
from services.registry.domain.defender import Person
from services.registry.domain.identity import ContactSafety, Identity


class Refusal(StrEnum):
    """Why contact is withheld."""

    REPORT_WITHDRAWN = "report_withdrawn"
    UNKNOWN_PERSON = "unknown_person"
    RESTRICTED = "restricted"
    NO_CONSENT = "no_consent"
    EXPIRED = "consent_expired"
    NOT_SAFE = "not_safe"

    @property
    def said_to_partner(self) -> str:
        """What the partner hears. That the person wants nothing to do with it is not for the partner to learn."""
        return str(Refusal.NO_CONSENT if self is Refusal.RESTRICTED else self)


@dataclass
class Disclosure:
    """What was done about one accepted offer, once and for all: disclosed (no refusal) or withheld."""

    id: str
    case_ref: str
    partner_id: str
    at: datetime
    refusal: Refusal | None
    revision: int = field(default=0, compare=False)


@dataclass(frozen=True)
class Contact:
    """What goes into the box for the partner."""

    identity: Identity
    safety: ContactSafety


def judge(case: Case, person: Person | None, partner_id: str, now: datetime) -> Contact | Refusal:
    """The contact that may be told to this partner now, or why not."""
    if case.state is CaseState.WITHDRAWN:
        return Refusal.REPORT_WITHDRAWN
    if person is None or not case.is_open:
        return Refusal.UNKNOWN_PERSON
    refusal = _no_leave(case, person, partner_id, now)
    return refusal or _safe_contact(case, person)


def _no_leave(case: Case, person: Person, partner_id: str, now: datetime) -> Refusal | None:
    if any(each.partner_id == partner_id for each in person.restrictions):
        return Refusal.RESTRICTED
    said = (*case.reported, *case.statements, *person.statements)
    answer = standing(said, purpose="referral", scope="contact", recipient=partner_id, now=now)
    if answer is Standing.LIVE:
        return None
    return Refusal.EXPIRED if answer is Standing.EXPIRED else Refusal.NO_CONSENT


def _safe_contact(case: Case, person: Person) -> Contact | Refusal:
    """Only what this report told is disclosed; the older record is used when the report came by reference alone."""
    safety = case.told.contact_safety
    if safety is None or not safety.is_safe:
        return Refusal.NOT_SAFE
    reachable = safety.reachable(case.told.identity or person.identity)
    if not (reachable.phones or reachable.emails):
        return Refusal.NOT_SAFE
    return Contact(reachable, safety)
