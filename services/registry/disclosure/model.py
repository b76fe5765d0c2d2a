"""Decide whether a partner may know how to reach the person, each time at the moment of the disclosure."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from hashlib import sha256

from ngao.kernel.consent import FOR_REFERRAL, ConsentAnswer, consent_answer
from ngao.kernel.pairwise import case_ref_for
from services.registry.cases.model import Case, CaseState
from services.registry.contact.model import Standing, Stated, Way
from services.registry.contact.ways import PHONE_CHANNELS, together, ways
from services.registry.people.identity import ContactSafety, Identity, ReportedIdentity
from services.registry.people.model import Person


class Refusal(StrEnum):
    """The reasons for withholding a contact."""

    REPORT_WITHDRAWN = "report_withdrawn"
    UNKNOWN_PERSON = "unknown_person"
    RESTRICTED = "restricted"
    NO_CONSENT = "no_consent"
    NOT_RECORDED_BY_OPERATOR = "consent_not_recorded"
    EXPIRED = "consent_expired"
    NOT_SAFE = "not_safe"
    KEY_NOT_VOUCHED = "key_not_vouched"
    KEY_CHANGED = "key_changed"
    KEY_OUTDATED = "key_outdated"
    NOT_SIGNED = "acceptance_not_signed"
    ENDED = "offer_ended"

    @property
    def is_about_keys(self) -> bool:
        """Return True if a vouch of the operators for the partner's keys ends it: the contact is then decided again."""
        return self in {Refusal.KEY_NOT_VOUCHED, Refusal.KEY_CHANGED, Refusal.KEY_OUTDATED, Refusal.NOT_SIGNED}

    @property
    def reason_for_partner(self) -> str:
        """Return the reason in the event: it reveals neither a restriction nor that a source named an older record."""
        return str(Refusal.NO_CONSENT if self in (Refusal.RESTRICTED, Refusal.NOT_RECORDED_BY_OPERATOR) else self)


@dataclass
class Disclosure:
    """The outcome of one accepted offer: disclosed (no refusal) or withheld.

    It is decided again when anything changes by which it is judged, until the partner's work has ended; `at` is the moment of the
    last decision. `vouch` and `signature` came with the acceptance; `case_salt` makes the reference by which the partner
    knows the case; `ended` is true once the partner works on it no longer. `box_digest` is that of the last box for the partner.
    """

    id: str
    case_ref: str
    partner_id: str
    at: datetime
    refusal: Refusal | None
    vouch: str | None = field(default=None, repr=False)
    signature: str | None = field(default=None, repr=False)
    ended: bool = False
    case_salt: str | None = field(default=None, repr=False)
    box_digest: str | None = field(default=None, repr=False)
    revision: int = field(default=0, compare=False)

    @property
    def partner_case_ref(self) -> str:
        """Return the reference by which the partner knows the case, and which it signs."""
        return case_ref_for(self.partner_id, self.case_ref, self.case_salt)

    def note_box(self, box: str) -> None:
        """Record the box that the partner gets now, in place of any before."""
        self.box_digest = _digest(box)

    def is_replaced(self, box: str) -> bool:
        """Return True for a box that another one has replaced; of those of earlier versions it is not known."""
        return self.box_digest is not None and self.box_digest != _digest(box)


@dataclass(frozen=True)
class Contact:
    """The content of the box for the partner. `ways` are there where an officer confirmed how each contact is used."""

    identity: Identity
    safety: ContactSafety
    ways: tuple[Way, ...] = ()


def contact_or_refusal(
    case: Case,
    person: Person | None,
    partner_id: str,
    now: datetime,
    *,
    probable: Collection[Person] = (),
    earlier: ReportedIdentity | None = None,
    standing: Standing | None = None,
    stated_at: datetime | None = None,
    held: bool = False,
) -> Contact | Refusal:
    """Return the contact that this partner may have now, or why not.

    Restrictions of the persons whom the case's own may turn out to be (`probable`) count, too.
    `earlier` are the facts of the person's last open case whose report states an identity. They count if this report names the
    person by reference alone, because the source that does so need not be the one that knows what is safe. The addresses are
    those of that report, not all of the person's record: it also has those that were corrected or that no report called safe.
    `standing` is what officers confirmed about contact. It holds, unless the report came later, at `stated_at`, and forbids more.
    """
    if refusal := _refusal(case, person, partner_id, now, probable):
        return refusal
    if person is None:
        return Refusal.UNKNOWN_PERSON
    if standing is None or standing.is_silent:
        if case.facts.identity:
            return _contact(case.facts.identity, case.facts.contact_safety)
        return _earlier_contact(case, person, partner_id, now, earlier or ReportedIdentity())
    if case.facts.identity is None and not _is_recorded_by_operator(case, person, partner_id, now):
        return Refusal.NOT_RECORDED_BY_OPERATOR
    own = case.facts if case.facts.identity else earlier or ReportedIdentity()
    stated = Stated(own.identity or Identity(), own.contact_safety, stated_at or case.received_at)
    return _confirmed_contact(case, ways(stated, standing, now, held=held), stated.identity)


def _refusal(case: Case, person: Person | None, partner_id: str, now: datetime, probable: Collection[Person]) -> Refusal | None:
    """Return why the partner may know nothing of the person, whatever is safe."""
    if case.state is CaseState.WITHDRAWN:
        return Refusal.REPORT_WITHDRAWN
    if person is None or not case.is_open:
        return Refusal.UNKNOWN_PERSON
    if any(each.is_restricted(partner_id) for each in (person, *probable)):
        return Refusal.RESTRICTED
    return _no_consent(case, person, partner_id, now)


def _digest(box: str) -> str:
    return sha256(box.encode()).hexdigest()


def _no_consent(case: Case, person: Person, partner_id: str, now: datetime) -> Refusal | None:
    statements = (*case.reported, *case.statements, *person.statements)
    answer = consent_answer(statements, purpose=FOR_REFERRAL, scope="contact", recipient=partner_id, now=now)
    if answer is ConsentAnswer.LIVE:
        return None
    return Refusal.EXPIRED if answer is ConsentAnswer.EXPIRED else Refusal.NO_CONSENT


def _earlier_contact(case: Case, person: Person, partner_id: str, now: datetime, earlier: ReportedIdentity) -> Contact | Refusal:
    """Return the earlier report's contact: only with a consent that an operator recorded, over channels safe then and now."""
    if not _is_recorded_by_operator(case, person, partner_id, now):
        return Refusal.NOT_RECORDED_BY_OPERATOR
    now_safe, identity = case.facts.contact_safety, earlier.identity or Identity()
    return _contact(now_safe.reachable(identity) if now_safe else identity, earlier.contact_safety)


def _contact(identity: Identity, safety: ContactSafety | None) -> Contact | Refusal:
    if safety is None or not safety.is_safe:
        return Refusal.NOT_SAFE
    reachable = safety.reachable(identity)
    return Contact(reachable, safety) if reachable.phones or reachable.emails else Refusal.NOT_SAFE


def _is_recorded_by_operator(case: Case, person: Person, partner_id: str, now: datetime) -> bool:
    by_operators = (*case.statements, *person.statements)
    answer = consent_answer(by_operators, purpose=FOR_REFERRAL, scope="contact", recipient=partner_id, now=now)
    return answer is ConsentAnswer.LIVE


def _confirmed_contact(case: Case, found: list[Way], stated: Identity) -> Contact | Refusal:
    """Return the contact where officers confirmed contacts or the person said stop.

    Where the report names the person by reference alone, its safe contact forbids as well, whenever it came.
    """
    if case.facts.identity is None and (limit := case.facts.contact_safety):
        found = [way for way in found if limit.is_safe and way.channel in limit.channels]
    identity, safety, usable = together(found, stated.names)
    if any(not way.by_officer and way.channel in PHONE_CHANNELS for way in usable):
        identity = replace(identity, phones_as_stated=stated.phones_as_stated)
    return Contact(identity, safety, usable) if usable else Refusal.NOT_SAFE
