"""What is written down about a case, and what follows from it by looking; nothing here changes anything."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ngao.kernel.consent import Standing, Statement, Telling, standing, stated
from ngao.kernel.pairwise import case_ref_for
from ngao.kernel.urgency import rank
from services.referral.cases.errors import NoSuchOffer
from services.referral.cases.facts import Defender, Report
from services.referral.cases.need import Need, NeedState
from services.referral.cases.news import News
from services.referral.offers.model import Offer


class Life(StrEnum):
    """Where a case stands."""

    WAITING = "waiting"
    OPEN = "open"
    CLOSED = "closed"


@dataclass
class CaseFile:
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
