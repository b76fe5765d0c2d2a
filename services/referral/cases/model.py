"""A case: what is known, what is needed, what has been offered, and what happens next.

It routes only when it holds both the report and the defender, offers a need to one partner at a time, never moves back,
and always knows the end of every wait. What happens is collected in `news` for whoever tells others.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from ngao.kernel.actors import Actor
from ngao.kernel.consent import FOR_REFERRAL, Standing, Statement, Telling
from services.referral.cases.case_file import CaseFile, Life
from services.referral.cases.deadlines import Deadlines, Waits
from services.referral.cases.errors import NoSuchNeed, NotRoutable
from services.referral.cases.facts import NOTHING, Changed, Defender, Reason, Report
from services.referral.cases.need import Need, NeedState
from services.referral.cases.news import INTAKE, REFERRAL, REGISTRY, Kind, News
from services.referral.cases.reopening import (
    CONSENT_GIVEN,
    CONSENT_WITHDRAWN,
    REPORT_WITHDRAWN,
    TAKEN_BACK,
    URGENCY_RAISED,
    VIOLATION_ADDED,
    news_in,
    opens_again,
)
from services.referral.offers.model import NO_CONSENT, RESTRICTED, Offer, State

__all__ = ["Case", "Life"]


@dataclass
class Case(CaseFile):
    """One call for help on its way to whoever helps: what others tell about it, and what is done."""

    # What others tell

    def learn_report(
        self, report: Report, consents: Iterable[Statement], now: datetime, deadlines: Deadlines, *,
        changed: Changed = NOTHING,
    ) -> None:
        """Take the report or a later word about it; `changed` is what intake calls new in it.

        An update may add needs and raise urgency, and takes no need back; a consent that it does not state any more has ended.
        News opens a closed case again.
        """
        before, known = self.standing(now), self.report
        self._hear(Telling(report.sequence, tuple(consents)))
        self.report = known.merged(report) if known else report
        self.tell(Kind.REPORT_LEARNT, actor=INTAKE)
        news = news_in(known, self.report, self.needs, changed.parts) if known else ()
        if self.closed and not self._open_again(report, news, before, now, deadlines):
            return
        self._recall_uncovered(before, now)
        self._take_needs(self.report)
        if VIOLATION_ADDED in news:
            self._ask_settled_again(changed.needs_again)
        if self.standing(now).wider_than(before):
            self._wake()
        if URGENCY_RAISED in news or (known and known.county != self.report.county):
            self._match_anew(tell_again=URGENCY_RAISED in news)
        self._shorten_waits(now, deadlines.of(self.urgency))
        self._review(now)

    def learn_defender(self, defender: Defender, now: datetime) -> None:
        """Take what the registry says; a telling older than what is known changes nothing."""
        if self.defender and self.defender.sequence > defender.sequence:
            return
        self.defender = defender
        self.tell(Kind.DEFENDER_LEARNT, reason=defender.resolution, actor=REGISTRY)
        self._review(now)

    def learn_consent(self, fact: Statement, now: datetime, deadlines: Deadlines) -> None:
        """Take a change of consent: what it no longer covers is withdrawn or recalled. One given anew may open a closed case."""
        before = self.standing(now)
        if fact not in self.consents:
            self.consents.append(fact)
        self.tell(Kind.CONSENT_LEARNT, reason="granted" if fact.granted else "withdrawn", actor=REGISTRY)
        if self.closed and self.report and self.report.complete and self._agreed_anew(before, now):
            self._reopen((CONSENT_GIVEN,), self.report, now, deadlines)
        self._recall_uncovered(before, now)
        if fact.granted:
            self._wake()
        self._review(now)

    def withdraw_report(self, now: datetime, sequence: int = 0) -> None:
        """The source took the report back: everything is recalled, and no consent given before counts any more."""
        self.withdrawn_sequence = max(sequence, self.withdrawn_sequence or 0)
        self.consents.append(Statement(FOR_REFERRAL, at=now, granted=False))
        if not self.closed:
            self._close(REPORT_WITHDRAWN, now, actor=INTAKE)
        elif self.closed_reason not in TAKEN_BACK:
            self.closed_reason = REPORT_WITHDRAWN

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
            self.take_back(offer, NO_CONSENT, now)

    def settle_need(self, name: str, now: datetime) -> None:
        """A need is met or gone; the last one closes the case."""
        self.needs[name].settle()
        if all(need.state is NeedState.SETTLED for need in self.needs.values()):
            self._close("all_settled", now)

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

    # Steps

    def _wake(self) -> None:
        """More partners may be asked than before: what waits for a human or for its time is matched now."""
        for need in self.needs.values():
            need.wake()

    def _hear(self, telling: Telling) -> None:
        if telling.sequence not in {each.sequence for each in self.tellings}:
            self.tellings.append(telling)

    def _open_again(
        self, word: Report, news: tuple[Reason, ...], before: Standing, now: datetime, deadlines: Deadlines
    ) -> bool:
        """Open a closed case if a later word about its report is a reason to; says whether it did."""
        withdrawn = self.withdrawn_sequence
        late = withdrawn is not None and (not withdrawn or word.sequence < withdrawn)
        if late or not (self.report and self.report.complete):
            return False
        reasons = opens_again(self.closed_reason, news)
        if self._agreed_anew(before, now):
            reasons = (*reasons, CONSENT_GIVEN)
        if reasons:
            self._reopen(reasons, self.report, now, deadlines)
        return bool(reasons)

    def _agreed_anew(self, before: Standing, now: datetime) -> bool:
        return self.closed_reason in TAKEN_BACK and not before.given and self.standing(now).given

    def _reopen(self, reasons: tuple[Reason, ...], report: Report, now: datetime, deadlines: Deadlines) -> None:
        """Begin anew with what is not settled; if all is, with everything, because it answered an earlier situation.

        A report that came after its own withdrawal has left no needs yet.
        """
        self._take_needs(report)
        self.life, self.waiting_until = (Life.OPEN, None) if self.defender else (Life.WAITING, now + deadlines.resolve_by)
        self.closed_reason, self.reopened_at = "", now
        unsettled = [need for need in self.needs.values() if need.state is not NeedState.SETTLED]
        self._ask_again(unsettled or list(self.needs.values()), reasons)

    def _ask_settled_again(self, names: Collection[str]) -> None:
        settled = [need for need in self.needs.values() if need.name in names and need.state is NeedState.SETTLED]
        if settled:
            self._ask_again(settled, (VIOLATION_ADDED,))

    def _ask_again(self, needs: Collection[Need], reasons: tuple[Reason, ...]) -> None:
        for need in needs:
            need.ask_again(len(self.offers))
        names = tuple(need.name for need in needs)
        self.news.append(News(Kind.REOPENED, reason=reasons[0].rule, reasons=reasons, needs=names))

    def _take_needs(self, report: Report) -> None:
        for name in report.needs:
            need = self.needs.setdefault(name, Need(name))
            need.proposed = name in report.proposed

    def _match_anew(self, *, tell_again: bool) -> None:
        """What a human holds is matched now; a higher urgency is told to the human again."""
        for need in self.needs.values():
            if need.state is NeedState.WITH_HUMAN:
                need.told = "" if tell_again else need.told
                need.wake()

    def _withdrawn_since_reopened(self) -> bool:
        # A withdrawal from before the news that opened the case again has had its effect.
        begin = self.reopened_at
        return begin is None or any(not fact.granted and fact.at >= begin for fact in self.consents)

    def _recall_uncovered(self, before: Standing, now: datetime) -> None:
        after = self.standing(now)
        for offer in self.offers:
            if offer.taken and before.scopes_for(offer.partner_id) - after.scopes_for(offer.partner_id):
                self.take_back(offer, NO_CONSENT, now)

    def _review(self, now: datetime) -> None:
        if self.closed or not (self.report and self.report.complete):
            return
        agreed = self.standing(now)
        if agreed.withdrawn and not agreed.given and self._withdrawn_since_reopened():
            self._close(CONSENT_WITHDRAWN, now, actor=REGISTRY)
            return
        for offer in self.offers:
            if offer.live and self.defender and offer.partner_id in self.defender.never_refer:
                self.take_back(offer, RESTRICTED, now)
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

    def _close(self, reason: str, now: datetime, *, actor: Actor = REFERRAL) -> None:
        for offer in self.offers:
            if offer.live:
                self.take_back(offer, reason, now)
        self.life, self.closed_reason, self.waiting_until = Life.CLOSED, reason, None
        for need in self.needs.values():
            need.match_again = None
        self.tell(Kind.CLOSED, reason=reason, actor=actor)

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
