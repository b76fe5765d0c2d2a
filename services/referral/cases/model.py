"""A case: what is known, what is needed, what was offered, and the moves that keep its promises.

A need is offered to one partner at a time, and only when both report and defender are known. A case never moves back, and
always knows the end of every wait. What happens is collected in `news` for the timeline, the audit and the events.
What others say about a case is in `learning`, what partners answer in `offers.replies`, what time does in `deadlines`.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from ngao.kernel.actors import Actor
from ngao.kernel.consent import Standing, Statement, Telling, standing, stated
from ngao.kernel.pairwise import case_ref_for
from ngao.kernel.urgency import rank
from services.referral.cases.errors import NoSuchNeed, NoSuchOffer, NotRoutable
from services.referral.cases.facts import Defender, Reason, Report
from services.referral.cases.need import Need, NeedState
from services.referral.cases.news import REFERRAL, Kind, News
from services.referral.offers.model import NO_CONSENT, Offer, State


class Life(StrEnum):
    """Where a case stands."""

    WAITING = "waiting"
    OPEN = "open"
    CLOSED = "closed"


@dataclass
class Case:
    """One call for help on its way to whoever helps.

    `tellings` are the consents that its source states, `consents` what the person has since told the registry.
    `withdrawn_sequence` is the place of the report's withdrawal among intake's events: a word from before it is no news.
    """

    id: str
    created_at: datetime
    waiting_until: datetime | None
    revision: int = 0
    report: Report | None = None
    defender: Defender | None = None
    tellings: list[Telling] = field(default_factory=list)
    consents: list[Statement] = field(default_factory=list)
    needs: dict[str, Need] = field(default_factory=dict)
    offers: list[Offer] = field(default_factory=list)
    life: Life = Life.WAITING
    closed_reason: str = ""
    reopened_at: datetime | None = None
    withdrawn_sequence: int | None = None
    news: list[News] = field(default_factory=list, compare=False)

    @property
    def urgency(self) -> str:
        """The report's urgency; before it is known a case is handled as critical."""
        return self.report.urgency if self.report else "critical"

    @property
    def priority(self) -> int:
        """0 comes first."""
        return rank(self.urgency)

    @property
    def closed(self) -> bool:
        """Whether nothing is left to do."""
        return self.life is Life.CLOSED

    @property
    def next_deadline(self) -> datetime | None:
        """The end of the wait that ends first; None when nothing is waited for."""
        if self.closed:
            return None
        ends = [
            self.waiting_until,
            *(end for offer in self.offers for end in (offer.due, offer.disclose_by)),
            *(need.match_again for need in self.needs.values()),
        ]
        return min((end for end in ends if end is not None), default=None)

    def standing(self, now: datetime) -> Standing:
        """What the person agrees to at this moment."""
        began = self.report.received_at if self.report else None
        return standing((*stated(self.tellings), *self.consents), now, since=began or self.created_at)

    def offer_with(self, offer_id: str) -> Offer:
        """Find an offer; raises NoSuchOffer."""
        for offer in self.offers:
            if offer.id == offer_id:
                return offer
        raise NoSuchOffer("the case has no such offer")

    def number_of(self, need: str) -> int | None:
        """The place of a need among the needs of the case; none is ever taken away."""
        return next((at for at, name in enumerate(self.needs, 1) if name == need), None)

    def ref_for(self, offer: Offer) -> str:
        """The reference by which the offer's partner knows this case."""
        return case_ref_for(offer.partner_id, self.id, offer.case_salt)

    def salt_for(self, partner_id: str) -> str:
        """The salt of that reference, if the partner was asked before: one partner knows a case by one reference."""
        return next((offer.case_salt for offer in self.offers if offer.partner_id == partner_id), "")

    def live_offer(self, need: str) -> Offer | None:
        """The offer of a need that something may still come of."""
        return next((offer for offer in self.offers if offer.need == need and offer.live), None)

    def tried(self, need: str) -> frozenset[str]:
        """Partners that were asked for this need before and are not asked again."""
        wanted = self.needs[need]
        asked = {offer.partner_id for offer in self.offers[wanted.first_offer:] if offer.need == need}
        return frozenset(asked - wanted.second_chance)

    def pending(self) -> list[Need]:
        """Needs to be matched now; none unless both facts are known."""
        return [need for need in self.needs.values() if need.state is NeedState.PENDING] if self.life is Life.OPEN else []

    # Moves

    def offer(self, offer: Offer, now: datetime) -> None:
        """Offer a need to a partner; raises NotRoutable when a law forbids it."""
        need = self.needs[offer.need]
        if not self._may_offer(need, offer.partner_id, now):
            raise NotRoutable("this offer may not be made now")
        self.offers.append(offer)
        need.state, need.match_again = NeedState.PLACED, None
        need.second_chance.discard(offer.partner_id)
        self.tell_of(Kind.OFFERED, offer)

    def give_to_human(self, name: str, reason: str, reasons: tuple[Reason, ...], match_again: datetime) -> None:
        """Nobody can be offered this need: tell a human, once for each reason, and match again later."""
        need = self.needs[name]
        need.state, need.match_again = NeedState.WITH_HUMAN, match_again
        if need.told != reason:
            need.told = reason
            self.tell(Kind.UNROUTABLE, need=name, reason=reason, reasons=reasons)

    def take_back(self, offer: Offer, reason: str, now: datetime) -> None:
        """Withdraw an open offer or recall a taken one; its need is matched anew unless the case closes."""
        offer.take_back(reason, now)
        self.tell_of(Kind.WITHDRAWN if offer.state is State.WITHDRAWN else Kind.RECALLED, offer, reason=reason)
        self.needs[offer.need].free()

    def check_consent(self, offer: Offer, now: datetime) -> None:
        """Take an offer back that the person's consent does not cover any more."""
        if not self.standing(now).allows(offer.partner_id):
            self.take_back(offer, NO_CONSENT, now)

    def settle_need(self, name: str, now: datetime) -> None:
        """A need is met or gone; the last one closes the case."""
        self.needs[name].settle()
        if all(need.state is NeedState.SETTLED for need in self.needs.values()):
            self.close("all_settled", now)

    def settle(self, name: str, reason: str, now: datetime, *, actor: Actor) -> None:
        """A human says that a need is met or gone; a live offer for it is taken back. Raises NoSuchNeed."""
        if name not in self.needs:
            raise NoSuchNeed("the case has no such need")
        offer = self.live_offer(name)
        if offer:
            self.take_back(offer, "operator", now)
        if self.needs[name].state is not NeedState.SETTLED and not self.closed:
            self.tell(Kind.SETTLED, need=name, reason=reason, actor=actor)
            self.settle_need(name, now)

    def close(self, reason: str, now: datetime, *, actor: Actor = REFERRAL) -> None:
        """End the case: live offers are taken back, and nothing is waited for."""
        for offer in self.offers:
            if offer.live:
                self.take_back(offer, reason, now)
        self.life, self.closed_reason, self.waiting_until = Life.CLOSED, reason, None
        for need in self.needs.values():
            need.match_again = None
        self.tell(Kind.CLOSED, reason=reason, actor=actor)

    def wake(self) -> None:
        """More partners may be asked than before: what waits for a human or for its time is matched now."""
        for need in self.needs.values():
            need.wake()

    def tell_of(self, kind: Kind, offer: Offer, *, reason: str = "", actor: Actor = REFERRAL) -> None:
        """Note what happened to an offer, as it stands at this moment."""
        told = replace(offer, early=list(offer.early), late=list(offer.late), told_of=list(offer.told_of))
        self.news.append(News(kind, told, offer.need, reason or offer.detail, offer.reasons, actor))

    def tell(
        self, kind: Kind, *, need: str = "", reason: str = "", reasons: tuple[Reason, ...] = (),
        offer: Offer | None = None, actor: Actor = REFERRAL,
    ) -> None:
        """Note what happened to the case or one of its needs."""
        self.news.append(News(kind, replace(offer) if offer else None, need, reason, reasons, actor))

    def _may_offer(self, need: Need, partner_id: str, now: datetime) -> bool:
        return (
            self.life is Life.OPEN
            and need.state is NeedState.PENDING
            and self.live_offer(need.name) is None
            and self.defender is not None
            and partner_id not in self.defender.never_refer
            and partner_id not in self.tried(need.name)
            and self.standing(now).allows(partner_id)
        )
