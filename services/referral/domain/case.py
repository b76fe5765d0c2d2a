"""A case: what is known, what is needed, what has been offered, and what happens next.

It routes only when it holds both the report and the defender, offers a need to one partner at a time, never moves back,
and always knows the end of every wait. What happens is collected in `news` for whoever tells others.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum

from services.referral.domain.consent import ConsentFact, Standing, Telling, standing, stated
from services.referral.domain.deadlines import Deadlines, Waits
from services.referral.domain.errors import NoSuchNeed, NoSuchOffer, NotRoutable
from services.referral.domain.facts import Defender, Reason, Report, rank
from services.referral.domain.need import Need, NeedState
from services.referral.domain.news import Kind, News
from services.referral.domain.offer import Offer, State


class Life(StrEnum):
    """Where a case stands."""

    WAITING = "waiting"
    OPEN = "open"
    CLOSED = "closed"


@dataclass
class Case:
    """One call for help on its way to whoever helps.

    `tellings` are the consents that its source states, `consents` what the person has since told the registry.
    """

    id: str
    created_at: datetime
    waiting_until: datetime | None
    revision: int = 0
    report: Report | None = None
    defender: Defender | None = None
    tellings: list[Telling] = field(default_factory=list)
    consents: list[ConsentFact] = field(default_factory=list)
    needs: dict[str, Need] = field(default_factory=dict)
    offers: list[Offer] = field(default_factory=list)
    life: Life = Life.WAITING
    closed_reason: str = ""
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
        ends = [self.waiting_until, *(offer.due for offer in self.offers), *(need.match_again for need in self.needs.values())]
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

    def live_offer(self, need: str) -> Offer | None:
        """The offer of a need that something may still come of."""
        return next((offer for offer in self.offers if offer.need == need and offer.live), None)

    def tried(self, need: str) -> frozenset[str]:
        """Partners that were asked for this need before and are not asked again."""
        asked = {offer.partner_id for offer in self.offers if offer.need == need}
        return frozenset(asked - self.needs[need].second_chance)

    def pending(self) -> list[Need]:
        """Needs to be matched now; none unless both facts are known."""
        return [need for need in self.needs.values() if need.state is NeedState.PENDING] if self.life is Life.OPEN else []

    # What others tell

    def learn_report(self, report: Report, consents: Iterable[ConsentFact], now: datetime, deadlines: Deadlines) -> None:
        """Take the report or a later word about it.

        An update may add needs and raise urgency, and takes no need back; a consent that it does not state any more has ended.
        """
        before = self.standing(now)
        self._hear(Telling(report.sequence, tuple(consents)))
        self.report = self.report.merged(report) if self.report else report
        self.tell(Kind.REPORT_LEARNT, actor="intake")
        if self.closed:
            return
        self._recall_uncovered(before, now)
        for name in self.report.needs:
            self.needs.setdefault(name, Need(name))
        if self.standing(now).wider_than(before):
            self._wake()
        self._shorten_waits(now, deadlines.of(self.urgency))
        self._review(now)

    def learn_defender(self, defender: Defender, now: datetime) -> None:
        """Take what the registry says; a telling older than what is known changes nothing."""
        if self.defender and self.defender.sequence > defender.sequence:
            return
        self.defender = defender
        self.tell(Kind.DEFENDER_LEARNT, reason=defender.resolution, actor="registry")
        self._review(now)

    def learn_consent(self, fact: ConsentFact, now: datetime) -> None:
        """Take a change of consent: what it no longer covers is withdrawn or recalled."""
        before = self.standing(now)
        if fact not in self.consents:
            self.consents.append(fact)
        self.tell(Kind.CONSENT_LEARNT, reason="granted" if fact.granted else "withdrawn", actor="registry")
        self._recall_uncovered(before, now)
        if fact.granted:
            self._wake()
        self._review(now)

    def withdraw_report(self, now: datetime) -> None:
        """The source took the report back: everything is recalled."""
        if not self.closed:
            self._close("report_withdrawn", now, actor="intake")

    # Offers

    def offer(self, offer: Offer, now: datetime) -> None:
        """Offer a need to a partner; raises NotRoutable when a law forbids it."""
        need = self.needs[offer.need]
        if not self._may_offer(need, offer.partner_id, now):
            raise NotRoutable("this offer may not be made now")
        self.offers.append(offer)
        need.state, need.match_again = NeedState.PLACED, None
        need.second_chance.discard(offer.partner_id)
        self.tell_of(Kind.OFFERED, offer)

    def give_to_human(self, name: str, reason: str, reasons: tuple[Reason, ...], now: datetime, waits: Waits) -> None:
        """Nobody can be offered this need: tell a human, once for each reason, and match again later."""
        need = self.needs[name]
        need.state, need.match_again = NeedState.WITH_HUMAN, now + waits.match_again
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
            self.take_back(offer, "consent_withdrawn", now)

    def settle_need(self, name: str, now: datetime) -> None:
        """A need is met or gone; the last one closes the case."""
        self.needs[name].settle()
        if all(need.state is NeedState.SETTLED for need in self.needs.values()):
            self._close("all_settled", now)

    def settle(self, name: str, reason: str, now: datetime, *, actor: str) -> None:
        """A human says that a need is met or gone; a live offer for it is taken back. Raises NoSuchNeed."""
        if name not in self.needs:
            raise NoSuchNeed("the case has no such need")
        offer = self.live_offer(name)
        if offer:
            self.take_back(offer, "operator", now)
        if self.needs[name].state is not NeedState.SETTLED and not self.closed:
            self.tell(Kind.SETTLED, need=name, reason=reason, actor=actor)
            self.settle_need(name, now)

    # Steps

    def _wake(self) -> None:
        """More partners may be asked than before: what waits for a human or for its time is matched now."""
        for need in self.needs.values():
            need.wake()

    def _hear(self, telling: Telling) -> None:
        if telling.sequence not in {each.sequence for each in self.tellings}:
            self.tellings.append(telling)

    def _recall_uncovered(self, before: Standing, now: datetime) -> None:
        after = self.standing(now)
        for offer in self.offers:
            if offer.taken and before.scopes_for(offer.partner_id) - after.scopes_for(offer.partner_id):
                self.take_back(offer, "consent_withdrawn", now)

    def _review(self, now: datetime) -> None:
        if self.closed or not (self.report and self.report.complete):
            return
        agreed = self.standing(now)
        if agreed.withdrawn and not agreed.given:
            self._close("consent_withdrawn", now, actor="registry")
            return
        for offer in self.offers:
            if offer.live and self.defender and offer.partner_id in self.defender.never_refer:
                self.take_back(offer, "restriction_added", now)
            elif offer.open:
                self.check_consent(offer, now)
        if self.life is Life.WAITING and self.defender:
            self.life, self.waiting_until = Life.OPEN, None
            self.tell(Kind.OPENED)

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

    def _shorten_waits(self, now: datetime, waits: Waits) -> None:
        # A case that has become more urgent does not wait for an answer as long as it was first told.
        for offer in self.offers:
            if offer.open and offer.due:
                offer.due = min(offer.due, now + waits.respond_by)

    def _close(self, reason: str, now: datetime, *, actor: str = "referral") -> None:
        for offer in self.offers:
            if offer.live:
                self.take_back(offer, reason, now)
        self.life, self.closed_reason, self.waiting_until = Life.CLOSED, reason, None
        for need in self.needs.values():
            need.match_again = None
        self.tell(Kind.CLOSED, reason=reason, actor=actor)

    def tell_of(self, kind: Kind, offer: Offer, *, reason: str = "", actor: str = "referral") -> None:
        """Note what happened to an offer, as it stands at this moment."""
        told = replace(offer, early=list(offer.early), late=list(offer.late))
        self.news.append(News(kind, told, offer.need, reason or offer.detail, offer.reasons, actor))

    def tell(
        self, kind: Kind, *, need: str = "", reason: str = "", reasons: tuple[Reason, ...] = (),
        offer: Offer | None = None, actor: str = "referral",
    ) -> None:
        """Note what happened to the case or one of its needs."""
        self.news.append(News(kind, replace(offer) if offer else None, need, reason, reasons, actor))
