"""Any order and repetition of events, replies and time keeps what a case promises."""

from __future__ import annotations

from datetime import timedelta

import hypothesis.strategies as st
import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from services.referral.cases.end_waits import expire_due
from services.referral.cases.model import Case, Life
from services.referral.cases.need import NeedState
from services.referral.offers.handle_reply import handle_reply
from services.referral.offers.model import LIVE, Reply, State, Verb
from tests.support.referral import (
    Office,
    apply_consent,
    apply_defender,
    apply_update,
    apply_withdrawal,
    consent,
    defender,
    follow_report,
    office,
    partner,
    report,
)

REF = "NG-1"
NEEDS = ("legal_aid", "medical")
NAMES = ("a", "b", "c")
SCOPES = st.sampled_from([(), ("contact",), ("narrative",), ("contact", "narrative")])
_ORDER = (State.OFFERED, State.RECEIVED, State.ACCEPTED, State.STARTED)


class CaseMachine(RuleBasedStateMachine):
    """One case and three partners, of whom one works for another need only."""

    made: Office

    @initialize()
    def begin(self) -> None:
        both = partner("b", support_types=("legal_aid", "medical"), capacity=1)
        self.made = office(partner("a"), both, partner("c", support_types=("medical",)))
        self.seen: dict[str, State] = {}
        self.was_closed = False
        self.told = 0

    @rule(needs=st.sets(st.sampled_from(NEEDS)), agreed=st.booleans(), scope=SCOPES,
          recipient=st.sampled_from([None, *NAMES]), urgency=st.sampled_from(["critical", "low"]))
    def report_comes(self, needs: set[str], agreed: bool, scope: tuple[str, ...], recipient: str | None, urgency: str) -> None:
        told = report(needs=tuple(sorted(needs)), urgency=urgency)
        follow_report(self.made.ctx(), REF, told, [consent(scope=scope, recipient=recipient)] if agreed else [])

    @rule(sequence=st.integers(1, 4), need=st.sampled_from(NEEDS), urgency=st.sampled_from(["critical", "low"]))
    def update_comes(self, sequence: int, need: str, urgency: str) -> None:
        told = report(sequence=sequence, needs=(need,), urgency=urgency, county="", languages=())
        apply_update(self.made.ctx(), REF, told, [consent(at=self.made.now)])

    @rule()
    def report_is_taken_back(self) -> None:
        apply_withdrawal(self.made.ctx(), REF)

    @rule(never=st.sets(st.sampled_from(NAMES), max_size=2), sequence=st.integers(1, 4))
    def defender_is_resolved(self, never: set[str], sequence: int) -> None:
        apply_defender(self.made.ctx(), REF, defender(*never, sequence=sequence))

    @rule(granted=st.booleans(), scope=SCOPES, recipient=st.sampled_from([None, *NAMES]), ago=st.integers(0, 120))
    def consent_changes(self, granted: bool, scope: tuple[str, ...], recipient: str | None, ago: int) -> None:
        at = self.made.now - timedelta(minutes=ago)
        fact = consent(granted=granted, scope=scope, recipient=recipient, at=at)
        apply_consent(self.made.ctx(), REF, fact)

    @rule(verb=st.sampled_from(list(Verb)), at=st.integers(0, 20), early=st.booleans())
    def partner_replies(self, verb: Verb, at: int, early: bool) -> None:
        case = self.made.cases.get(REF)
        if case and case.offers:
            offer = case.offers[at % len(case.offers)]
            handle_reply(self.made.ctx(), offer.partner_id, Reply(offer.id, verb, "other"), keep_early=early)

    @rule(minutes=st.sampled_from([1, 20, 90, 3000]))
    def time_passes(self, minutes: int) -> None:
        self.made.pass_time(minutes=minutes)
        for case_ref in self.made.ctx().cases.due(self.made.now, 10):
            expire_due(self.made.ctx(), case_ref)

    def _case(self) -> Case | None:
        return self.made.cases.kept.get(REF)

    @invariant()
    def at_most_one_live_offer_for_each_need(self) -> None:
        case = self._case()
        for need in case.needs.values() if case else ():
            live = [offer for offer in case.offers if offer.need == need.name and offer.live]
            assert len(live) <= 1
            assert (need.state is NeedState.PLACED) == bool(live) or case.closed

    @invariant()
    def nothing_is_offered_without_both_facts_consent_and_regard_for_restrictions(self) -> None:
        case = self._case()
        if case is None:
            return
        if case.report is None or not case.report.complete or case.defender is None:
            assert not case.offers
        for _, news in self.made.cases.changes[self.told:]:
            if news.kind == "offered" and news.offer:
                assert case.effective_consent(self.made.now).allows(news.offer.partner_id)
                assert case.defender
                assert news.offer.partner_id not in case.defender.never_refer
        self.told = len(self.made.cases.changes)
        for offer in case.offers:
            if offer.live:
                assert case.defender
                assert offer.partner_id not in case.defender.never_refer

    @invariant()
    def an_offer_never_moves_back(self) -> None:
        case = self._case()
        for offer in case.offers if case else ():
            before = self.seen.get(offer.id, State.OFFERED)
            if before not in LIVE:
                assert offer.state is before
            elif offer.state in LIVE:
                assert _ORDER.index(offer.state) >= _ORDER.index(before)
            self.seen[offer.id] = offer.state

    @invariant()
    def only_news_opens_a_closed_case_and_a_closed_one_has_no_live_offer(self) -> None:
        case = self._case()
        if case is None:
            return
        assert case.closed or not self.was_closed or "case.reopened" in self.made.kinds()
        self.was_closed = case.closed
        if case.closed:
            assert not any(offer.live for offer in case.offers)
            assert case.next_deadline is None

    @invariant()
    def every_open_wait_has_an_end_or_a_human_was_told(self) -> None:
        case = self._case()
        if case is None or case.closed:
            return
        assert case.next_deadline is not None or "unroutable" in self.made.kinds()
        if case.life is Life.OPEN:
            assert not case.pending()
            assert case.next_deadline is not None

    @invariant()
    def places_are_held_for_accepted_offers_and_for_no_others(self) -> None:
        case = self._case()
        taken = {offer.id for offer in case.offers if offer.at_work} if case else set()
        assert {offer.id for offer in self.made.engagements.kept.values() if offer.at_work} == taken


CaseMachine.TestCase.settings = settings(max_examples=150, stateful_step_count=30)
TestCaseMachine = pytest.mark.thorough(CaseMachine.TestCase)
