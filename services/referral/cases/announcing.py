"""Tell others what happened to a case: by events, in partners' logs, in the case's story and in the audit."""

from __future__ import annotations

from typing import Protocol

from ngao.broker.exchanges import PARTNERS
from ngao.chassis.storage.unit_of_work import Unit
from ngao.contracts import Event
from services.referral.cases.model import Case
from services.referral.cases.news import LEARNT, Kind, News
from services.referral.cases.waiting_times import Stopwatch
from services.referral.directory.model import Partner
from services.referral.messages import TO_PARTNER, Voice, event_of, state_event_of, vouched_event_of
from services.referral.offers.model import Offer
from services.referral.offers.showing import Showing
from services.referral.ports import Hop, Partners, Story

_SENTENCES = {
    Kind.OPENED: "Report and defender are known: referral begins.",
    Kind.CLOSED: "The case is closed: {reason}.",
    Kind.OFFERED: "Offered to {partner} for {need}, attempt {attempt}.",
    Kind.RECEIVED: "{partner} has received the offer for {need}.",
    Kind.ACCEPTED: "{partner} takes {need}.",
    Kind.DECLINED: "{partner} declines {need}: {reason}.",
    Kind.EXPIRED: "{partner} did not answer for {need} in time.",
    Kind.STARTED: "{partner} is at work on {need}.",
    Kind.COMPLETED: "{partner} has done {need}: {reason}.",
    Kind.FAILED: "{partner} could not do {need}: {reason}.",
    Kind.WITHDRAWN: "The offer to {partner} for {need} is withdrawn: {reason}.",
    Kind.RECALLED: "{need} is recalled from {partner}: {reason}.",
    Kind.REOPENED: "News has opened the case or what was settled in it again: {reason}.",
    Kind.HELPER_REVOKED: "{partner} was revoked and holds {need}; a human is told.",
    Kind.DISCLOSURE_OVERDUE: "{partner} accepted {need} and something is neither disclosed nor withheld: {reason}.",
    Kind.UNROUTABLE: "A human is told about {need}: {reason}.",
    Kind.REPLY_EARLY: "{partner} said {reason} before accepting {need}; it is kept until the acceptance comes.",
    Kind.REPLY_LATE: "{partner} said {reason} for {need} too late; the offer's state was the answer.",
    Kind.REPORT_LEARNT: "Intake tells of the report.",
    Kind.DEFENDER_LEARNT: "The registry knows who it is about ({reason}).",
    Kind.CONSENT_LEARNT: "Consent was {reason}.",
    Kind.SETTLED: "A human settled {need}: {reason}.",
}


class Log(Protocol):
    """Where a partner's events are kept for when it catches up."""

    def add(self, partner_id: str, event: Event) -> None:
        """Keep one."""
        ...


class UnitTeller:
    """Tells within one unit of work: all of it is said if and only if the case is kept."""

    def __init__(
        self, unit: Unit, partners: Partners, story: Story, log: Log, *, told: str, showing: Showing, watch: Stopwatch
    ) -> None:
        self._unit = unit
        self._partners = partners
        self._story = story
        self._log = log
        self._told = told
        self._showing = showing
        self._watch = watch

    def tell(self, case: Case, news: News) -> None:
        """Register one piece of news everywhere it belongs."""
        self._story.note(case.id, _hop(news, self._unit))
        if news.kind not in LEARNT:
            self._unit.audit(news.kind.value, subject=case.id, actor=news.actor, detail=_detail(news))
        if note := self._watch.noting(case, news, self._unit.now):
            self._unit.afterwards.append(note)
        event = event_of(case, news, self._voice(news))
        if event is not None:
            self._unit.emit(event)
        if event is not None and news.kind in TO_PARTNER:
            self._tell_partner(event)
        elif news.kind is Kind.REPLY_LATE and news.offer is not None:
            answer = state_event_of(case, news.offer, self._voice(news))
            if answer is not None:
                self._tell_partner(answer)

    def vouched(self, case: Case, offer: Offer, partner: Partner) -> None:
        """Tell those who disclose to a partner at work what operators vouch for by now."""
        self._unit.emit(vouched_event_of(case, offer, self._voice_of(partner)))

    def _tell_partner(self, event: Event) -> None:
        self._unit.emit(event, to=PARTNERS)
        self._log.add(event.partnerid or "", event)

    def _voice(self, news: News) -> Voice:
        partner = self._partners.get(news.offer.partner_id) if news.kind is Kind.ACCEPTED and news.offer else None
        return self._voice_of(partner) if partner else Voice(self._unit.now, self._told, self._showing)

    def _voice_of(self, partner: Partner) -> Voice:
        return Voice(self._unit.now, self._told, self._showing, partner.public_key, partner.vouch)


def _hop(news: News, unit: Unit) -> Hop:
    offer = news.offer
    partner_id = offer.partner_id if offer else ""
    words = {"partner": partner_id, "need": news.need, "reason": news.reason, "attempt": offer.attempt if offer else 0}
    return Hop(
        at=unit.now,
        what=news.kind.value,
        actor=str(news.actor),
        text=_SENTENCES[news.kind].format(**words),
        need=news.need,
        offer_id=offer.id if offer else "",
        partner_id=partner_id,
        reason=news.reason,
        reasons=news.reasons,
    )


def _detail(news: News) -> dict[str, str]:
    detail = {"need": news.need, "reason": news.reason}
    if news.offer:
        detail |= {"offer_id": news.offer.id, "partner_id": news.offer.partner_id}
    return {name: value for name, value in detail.items() if value}
