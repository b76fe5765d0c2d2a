"""A case: its facts, needs and offers, and the transitions that keep its promises.

A need is offered to one partner at a time, and only when both report and defender are known. A case never moves back, and
always knows the end of every wait. Its changes are collected in `changes` for the timeline, the audit and the events.
Facts of other services are applied in `applying`, partners' answers in `offers.replies`, expired waits in `deadlines`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from ngao.kernel.actors import Actor
from ngao.kernel.consent import (
    ConsentChange,
    ConsentSnapshot,
    EffectiveConsent,
    Statement,
    effective_consent,
    holding,
    stated,
)
from ngao.kernel.pairwise import case_ref_for
from ngao.kernel.records import stored_as
from ngao.kernel.urgency import rank
from services.referral.cases.changes import REFERRAL, CaseChange, Kind
from services.referral.cases.facts import Defender, Reason, Report
from services.referral.cases.need import Need, NeedState
from services.referral.offers.model import BY_OPERATOR, NOT_COVERED, Offer


class Life(StrEnum):
    """The state of a case.

    WAITING: report or defender is not known yet, and nothing is offered. OPEN: both are known, and a need is left. CLOSED: no
    work is left, or the report or all consent was withdrawn; new facts may open it again.
    """

    WAITING = "waiting"
    OPEN = "open"
    CLOSED = "closed"


@dataclass
class Case:
    """One case from its report to its end.

    `consent_snapshots` are the consents that its source states, `consent_changes` what the registry has published of the person's
    later statements.
    `withdrawn_sequence` is the sequence of intake's event about the report's withdrawal: an update from before it is ignored.
    `owner` is the operator who sees to it that the case moves on, and since when; None until one acknowledges an alarm of it or
    takes it over.
    """

    id: str
    created_at: datetime
    waiting_until: datetime | None
    revision: int = 0
    report: Report | None = None
    defender: Defender | None = None
    consent_snapshots: list[ConsentSnapshot] = field(default_factory=list, metadata=stored_as("tellings"))
    consent_changes: tuple[ConsentChange, ...] = field(default=(), metadata=stored_as("consents"))
    needs: dict[str, Need] = field(default_factory=dict)
    offers: list[Offer] = field(default_factory=list)
    life: Life = Life.WAITING
    closed_reason: str = ""
    reopened_at: datetime | None = None
    withdrawn_sequence: int | None = None
    owner: str | None = None
    owned_since: datetime | None = None
    changes: list[CaseChange] = field(default_factory=list, compare=False)

    @property
    def urgency(self) -> str:
        """Return the report's urgency; before it is known a case is handled as critical."""
        return self.report.urgency if self.report else "critical"

    @property
    def county(self) -> str:
        """Return where the person is, as the report says; empty before the report is known."""
        return self.report.county if self.report else ""

    @property
    def priority(self) -> int:
        """Return the priority; 0 comes first."""
        return rank(self.urgency)

    @property
    def closed(self) -> bool:
        """Return True if no work is left."""
        return self.life is Life.CLOSED

    @property
    def next_deadline(self) -> datetime | None:
        """Return the end of the wait that ends first, or None when there is none."""
        if self.closed:
            return None
        ends = [
            self.waiting_until,
            *(end for offer in self.offers for end in (offer.due, offer.disclose_by)),
            *(need.match_again for need in self.needs.values()),
        ]
        return min((end for end in ends if end is not None), default=None)

    @property
    def consents(self) -> tuple[Statement, ...]:
        """Return the person's statements to the registry that hold for this case."""
        return holding(self.consent_changes)

    def effective_consent(self, now: datetime) -> EffectiveConsent:
        """Return what the person agrees to at this moment."""
        began = self.report.received_at if self.report else None
        return effective_consent((*stated(self.consent_snapshots), *self.consents), now, since=began or self.created_at)

    def offer_with(self, offer_id: str) -> Offer:
        """Return an offer. Raises LookupError."""
        for offer in self.offers:
            if offer.id == offer_id:
                return offer
        raise LookupError("the case has no such offer")

    def number_of(self, need: str) -> int | None:
        """Return the number of a need among the needs of the case; no need is ever removed."""
        return next((at for at, name in enumerate(self.needs, 1) if name == need), None)

    def ref_for(self, offer: Offer) -> str:
        """Return the reference by which the offer's partner knows this case."""
        return case_ref_for(offer.partner_id, self.id, offer.case_salt)

    def salt_for(self, partner_id: str) -> str:
        """Return the salt of that reference, if the partner was asked before: one partner knows a case by one reference."""
        return next((offer.case_salt for offer in self.offers if offer.partner_id == partner_id), "")

    def live_offer(self, need: str) -> Offer | None:
        """Return the live offer of a need."""
        return next((offer for offer in self.offers if offer.need == need and offer.live), None)

    def tried(self, need: str) -> frozenset[str]:
        """Return partners that were asked for this need before and are not asked again."""
        wanted = self.needs[need]
        asked = {offer.partner_id for offer in self.offers[wanted.round_start :] if offer.need == need}
        return frozenset(asked - wanted.second_chance)

    def pending(self) -> list[Need]:
        """Return the needs to be matched now: none unless both facts are known."""
        return [need for need in self.needs.values() if need.state is NeedState.PENDING] if self.life is Life.OPEN else []

    # Transitions

    def offer(self, offer: Offer, now: datetime) -> None:
        """Offer a need to a partner; raises RuntimeError when a law forbids it and a caller has forgotten to ask first."""
        need = self.needs[offer.need]
        if not self._may_offer(need, offer.partner_id, now):
            raise RuntimeError("this offer may not be made now")
        self.offers.append(offer)
        need.state, need.match_again = NeedState.PLACED, None
        need.second_chance.discard(offer.partner_id)
        self.record_offer(Kind.OFFERED, offer)

    def hand_to_human(self, name: str, reason: str, reasons: tuple[Reason, ...], match_again: datetime) -> None:
        """Notify a human once for each reason that no partner can be offered this need, and match it again later."""
        need = self.needs[name]
        need.state, need.match_again = NeedState.WITH_HUMAN, match_again
        if need.alarmed != reason:
            need.alarmed = reason
            self.record(Kind.UNROUTABLE, need=name, reason=reason, reasons=reasons)

    def withdraw_or_recall(self, offer: Offer, reason: str, now: datetime) -> None:
        """Withdraw an open offer or recall an accepted one. Its need is matched again unless the case closes."""
        offer.withdraw_or_recall(reason, now)
        self.record_offer(Kind(offer.state.value), offer, reason=reason)
        self.needs[offer.need].free()

    def check_consent(self, offer: Offer, now: datetime) -> None:
        """Withdraw or recall an offer that the person's consent does not cover any more."""
        if not self.effective_consent(now).allows(offer.partner_id):
            self.withdraw_or_recall(offer, NOT_COVERED, now)

    def settle_need(self, name: str, now: datetime) -> None:
        """Settle a need that is met or gone; the last one closes the case."""
        self.needs[name].settle()
        if all(need.state is NeedState.SETTLED for need in self.needs.values()):
            self.close("all_settled", now)

    def settle(self, name: str, reason: str, now: datetime, *, actor: Actor) -> None:
        """Settle a need as a human says, and withdraw or recall its live offer."""
        offer = self.live_offer(name)
        if offer:
            self.withdraw_or_recall(offer, BY_OPERATOR, now)
        if self.needs[name].state is not NeedState.SETTLED and not self.closed:
            self.record(Kind.SETTLED, need=name, reason=reason, actor=actor)
            self.settle_need(name, now)

    def give_to(self, owner: str, now: datetime, *, reason: str, actor: Actor) -> None:
        """Make an operator the owner. Who owns the case already has owned it since then."""
        if owner != self.owner:
            self.changes.append(CaseChange(Kind.OWNED, reason=reason, actor=actor, owner=owner, owner_before=self.owner))
            self.owner, self.owned_since = owner, now

    def close(self, reason: str, now: datetime, *, actor: Actor = REFERRAL) -> None:
        """End the case: live offers are withdrawn or recalled, and all waits end."""
        for offer in self.offers:
            if offer.live:
                self.withdraw_or_recall(offer, reason, now)
        self.life, self.closed_reason, self.waiting_until = Life.CLOSED, reason, None
        for need in self.needs.values():
            need.match_again = None
        self.record(Kind.CLOSED, reason=reason, actor=actor)

    def return_needs_to_matching(self) -> None:
        """Match what a human or a later moment was waiting for, because more partners may be asked than before."""
        for need in self.needs.values():
            need.return_to_matching()

    def record_offer(self, kind: Kind, offer: Offer, *, reason: str = "", actor: Actor = REFERRAL) -> None:
        """Record a change of an offer, with its state at this moment; why its partner was chosen, only when it is made."""
        state = replace(offer, early=list(offer.early), late=list(offer.late), alarms=list(offer.alarms))
        reasons = offer.reasons if kind is Kind.OFFERED else ()
        self.changes.append(CaseChange(kind, state, offer.need, reason or offer.detail, reasons, actor))

    def record(
        self,
        kind: Kind,
        *,
        need: str = "",
        reason: str = "",
        reasons: tuple[Reason, ...] = (),
        offer: Offer | None = None,
        actor: Actor = REFERRAL,
    ) -> None:
        """Record a change of the case or one of its needs."""
        self.changes.append(CaseChange(kind, replace(offer) if offer else None, need, reason, reasons, actor))

    def _may_offer(self, need: Need, partner_id: str, now: datetime) -> bool:
        return (
            self.life is Life.OPEN
            and need.state is NeedState.PENDING
            and self.live_offer(need.name) is None
            and self.defender is not None
            and partner_id not in self.defender.never_refer
            and partner_id not in self.tried(need.name)
            and self.effective_consent(now).allows(partner_id)
        )
