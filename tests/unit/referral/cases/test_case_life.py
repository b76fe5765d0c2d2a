"""A case from its two facts to its end: each rule as one short story."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from ngao.chassis.errors import NotAllowedNow, NotFound
from ngao.contracts import make
from ngao.kernel.consent import Statement
from services.referral.cases.changes import CaseChange, Kind
from services.referral.cases.end_waits import expire_due
from services.referral.cases.facts import Changed
from services.referral.cases.match_again import match_again
from services.referral.cases.settle_need import settle_need
from services.referral.offers.handle_reply import NO_PLACE, handle_reply, state_error
from services.referral.offers.model import Offer, Reply, ReplyOutcome, State, Verb
from services.referral.offers.note_disclosure import note_disclosure
from tests.support.referral import (
    START,
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
    payload_of,
    report,
)

REF = "NG-1"
SERVICE = {"contact": "registry", "narrative": "intake"}


def opened(*names: str, never: tuple[str, ...] = (), consents: list[Statement] | None = None) -> Office:
    made = office(*(partner(name) for name in names))
    follow_report(made.ctx(), REF, report(), [consent()] if consents is None else consents)
    apply_defender(made.ctx(), REF, defender(*never))
    return made


def live(made: Office) -> Offer:
    found = made.case().live_offer("legal_aid")
    assert found is not None
    return found


def say(made: Office, verb: Verb, detail: str = "", offer: Offer | None = None, *, keep_early: bool = True) -> ReplyOutcome:
    offer = offer or live(made)
    return handle_reply(made.ctx(), offer.partner_id, Reply(offer.id, verb, detail), keep_early=keep_early)[0]


def wait(made: Office, by: timedelta) -> None:
    made.clock.advance(by)
    for case_ref in made.ctx().cases.due(made.now, 100):
        expire_due(made.ctx(), case_ref)


def after(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def test_a_case_is_offered_only_when_both_facts_are_known_in_either_order() -> None:
    for first_report in (True, False):
        made = office(partner("a"))
        if first_report:
            follow_report(made.ctx(), REF, report(), [consent()])
            assert not made.case().offers
            apply_defender(made.ctx(), REF, defender())
        else:
            apply_defender(made.ctx(), REF, defender())
            assert not made.case().offers
            follow_report(made.ctx(), REF, report(), [consent()])
        assert live(made).partner_id == "a"
        assert made.kinds().count("case.opened") == 1


def test_a_restricted_partner_is_never_asked() -> None:
    made = opened("a", never=("a",))
    assert not made.case().offers
    assert made.last("unroutable").reason == "no_partner"


def test_without_consent_nobody_is_asked_and_a_human_is_told() -> None:
    made = opened("a", consents=[])
    assert not made.case().offers
    assert made.last("unroutable").reason == "no_consent"
    assert made.case().next_deadline is not None


def test_a_consent_given_later_lets_the_case_go_on() -> None:
    made = opened("a", consents=[])
    apply_consent(made.ctx(), REF, consent())
    assert live(made).partner_id == "a"


def test_a_consent_for_another_purpose_changes_nothing() -> None:
    made = opened("a", consents=[])
    apply_consent(made.ctx(), REF, replace(consent(), purpose="advocacy"))
    assert not made.case().offers


def test_a_report_without_needs_gets_the_default_need() -> None:
    made = office(partner("a"))
    follow_report(made.ctx(), REF, report(needs=()), [consent()])
    apply_defender(made.ctx(), REF, defender())
    assert list(made.case().needs) == ["other"]
    assert made.last("unroutable").need == "other"


def test_when_the_registry_is_silent_a_human_is_told_once_and_the_case_still_goes_on() -> None:
    made = office(partner("a"))
    follow_report(made.ctx(), REF, report(), [consent()])
    wait(made, timedelta(seconds=30))
    wait(made, timedelta(hours=5))
    assert [news.reason for _, news in made.cases.changes if news.kind == "unroutable"] == ["registry_silent"]
    apply_defender(made.ctx(), REF, defender())
    assert live(made).partner_id == "a"


def test_silence_moves_the_offer_on_and_ends_at_a_human() -> None:
    made = opened("a", "b")
    first = live(made)
    wait(made, timedelta(minutes=15))
    assert live(made).partner_id != first.partner_id
    assert live(made).attempt == 2
    wait(made, timedelta(minutes=15))
    assert made.last("unroutable").reason == "all_declined_or_silent"
    wait(made, timedelta(hours=3))
    assert made.kinds().count("unroutable") == 1, "told once for each reason"
    assert made.case().next_deadline is not None, "a need in a human's hands is matched again"


def test_a_partner_that_becomes_free_is_found_without_anybody_asking() -> None:
    made = opened()
    made.partners.put(partner("late"))
    wait(made, timedelta(minutes=10))
    assert live(made).partner_id == "late"


def test_a_decline_moves_on_at_once() -> None:
    made = opened("a", "b")
    first = live(made)
    assert say(made, Verb.DECLINE, "no_capacity") is ReplyOutcome.DONE
    assert live(made).partner_id != first.partner_id
    assert made.last("offered").reasons
    declined = made.last("declined")
    assert (declined.reason, declined.reasons) == ("no_capacity", ())  # why it was chosen is no reason of its decline


def test_acceptance_holds_a_place_and_completion_frees_it_and_closes_the_case() -> None:
    made = opened("a")
    say(made, Verb.RECEIPT)
    say(made, Verb.ACCEPT)
    assert made.held("a") == 1
    say(made, Verb.START)
    say(made, Verb.COMPLETE, "helped")
    assert made.held("a") == 0
    assert (made.case().closed, made.case().closed_reason) == (True, "all_settled")
    assert made.case().next_deadline is None
    assert made.kinds()[-4:] == ["accepted", "started", "completed", "case.closed"]


def test_a_repeated_acceptance_takes_effect_once() -> None:
    made = opened("a")
    offer = live(made)
    replies = [say(made, Verb.ACCEPT, offer=offer) for _ in range(3)]
    assert replies == [ReplyOutcome.DONE, ReplyOutcome.REPEAT, ReplyOutcome.REPEAT]
    assert made.kinds().count("accepted") == 1


def test_replies_that_overtake_the_acceptance_are_kept_and_followed_in_order() -> None:
    made = opened("a")
    offer = live(made)
    assert say(made, Verb.COMPLETE, "helped", offer) is ReplyOutcome.EARLY
    assert say(made, Verb.START, offer=offer) is ReplyOutcome.EARLY
    assert say(made, Verb.ACCEPT, offer=offer) is ReplyOutcome.DONE
    assert made.kinds()[-4:] == ["accepted", "started", "completed", "case.closed"]


def test_over_http_an_early_reply_is_refused_and_not_kept() -> None:
    made = opened("a")
    assert say(made, Verb.START, keep_early=False) is ReplyOutcome.EARLY
    say(made, Verb.ACCEPT)
    assert live(made).state == "accepted"


def test_a_late_acceptance_finds_the_state_and_is_answered_once() -> None:
    made = opened("a", "b")
    first = live(made)
    wait(made, timedelta(minutes=15))
    assert say(made, Verb.ACCEPT, offer=first) is ReplyOutcome.LATE
    assert say(made, Verb.ACCEPT, offer=first) is ReplyOutcome.LATE
    assert made.kinds().count("reply.late") == 1
    assert live(made).partner_id != first.partner_id
    assert made.case().offer_with(first.id).state == "expired"


def test_a_late_yes_is_asked_anew_while_nobody_else_has_the_need_but_only_once() -> None:
    made = opened("a")
    first = live(made)
    wait(made, timedelta(minutes=15))
    say(made, Verb.ACCEPT, offer=first)
    second = live(made)
    assert (second.partner_id, second.id != first.id) == ("a", True)
    wait(made, timedelta(minutes=15))
    say(made, Verb.ACCEPT, offer=second)
    assert made.case().live_offer("legal_aid") is None


def asks_again(made: Office, sequence: int) -> None:
    """The settled need is needed again because of a new act: its second round begins."""
    act = Changed(frozenset({"violations"}), ("legal_aid",))
    apply_update(made.ctx(), REF, report(sequence=sequence, received_at=None), [consent()], act)


def helped(made: Office) -> None:
    for verb, detail in ((Verb.ACCEPT, ""), (Verb.START, ""), (Verb.COMPLETE, "helped")):
        say(made, verb, detail)


def test_a_late_yes_in_a_new_round_is_asked_anew_too_and_once_in_each() -> None:
    """The partner was asked before, for what happened then. Its late yes is about what has happened since."""
    made = opened("a")
    helped(made)
    asks_again(made, 3)
    first = live(made)
    wait(made, timedelta(minutes=15))
    say(made, Verb.ACCEPT, offer=first)
    second = live(made)
    assert (second.partner_id, second.id != first.id) == ("a", True)
    wait(made, timedelta(minutes=15))
    say(made, Verb.ACCEPT, offer=second)
    assert made.case().live_offer("legal_aid") is None


def test_a_late_yes_to_an_offer_of_an_earlier_round_asks_no_one_twice_in_this_one() -> None:
    made = opened("a", "b")
    first = live(made)
    wait(made, timedelta(minutes=15))
    helped(made)
    asks_again(made, 3)
    while live(made).partner_id != first.partner_id:
        say(made, Verb.DECLINE, "no_capacity")
    say(made, Verb.ACCEPT, offer=first)
    say(made, Verb.DECLINE, "no_capacity")
    asked = [offer.partner_id for offer in made.case().offers[2:]]
    assert len(asked) == len(set(asked))


def test_silence_after_acceptance_tells_a_human_and_takes_nothing_away() -> None:
    made = opened("a")
    say(made, Verb.ACCEPT)
    wait(made, timedelta(hours=1))
    news = made.last("unroutable")
    assert (news.reason, news.reasons[0].rule) == ("all_declined_or_silent", "stalled_after_acceptance")
    assert live(made).state == "accepted"
    wait(made, timedelta(hours=1))
    assert made.kinds().count("unroutable") == 2, "and again after as long"
    assert say(made, Verb.START) is ReplyOutcome.DONE


def test_work_that_failed_is_offered_to_the_next() -> None:
    made = opened("a", "b")
    first = live(made)
    say(made, Verb.ACCEPT)
    say(made, Verb.FAIL, "unreachable")
    assert live(made).partner_id != first.partner_id


def test_work_that_is_no_longer_needed_settles_the_need() -> None:
    made = opened("a", "b")
    say(made, Verb.ACCEPT)
    say(made, Verb.FAIL, "no_longer_needed")
    assert made.case().closed


def test_withdrawn_consent_recalls_what_was_accepted_and_closes_the_case() -> None:
    made = opened("a")
    say(made, Verb.ACCEPT)
    apply_consent(made.ctx(), REF, consent(granted=False, at=after(1), scope=()))
    assert made.kinds()[-2:] == ["recalled", "case.closed"]
    assert made.held("a") == 0


def test_withdrawn_consent_withdraws_what_is_open() -> None:
    made = opened("a")
    apply_consent(made.ctx(), REF, consent(granted=False, at=after(1), scope=()))
    assert made.kinds()[-2:] == ["withdrawn", "case.closed"]


def test_a_withdrawal_that_overtakes_the_report_is_not_forgotten() -> None:
    made = office(partner("a"))
    apply_consent(made.ctx(), REF, consent(granted=False, at=after(1), scope=()))
    apply_defender(made.ctx(), REF, defender())
    follow_report(made.ctx(), REF, report(), [consent()])
    assert not made.case().offers
    assert made.case().closed_reason == "consent_withdrawn"


def test_an_update_that_repeats_the_old_consent_does_not_undo_a_withdrawal() -> None:
    made = opened("a", "b", consents=[consent(), consent(scope=("narrative",))])
    apply_consent(made.ctx(), REF, consent(granted=False, at=after(1), scope=("contact",)))
    repeated = [consent(at=after(2)), consent(at=after(2), scope=("narrative",))]
    apply_update(made.ctx(), REF, report(sequence=2, county="", languages=()), repeated)
    assert made.case().effective_consent(after(3)).scopes_for("a") == {"narrative"}


def test_an_update_that_states_a_consent_no_more_takes_back_what_was_open_or_accepted() -> None:
    for accepted in (False, True):
        made = opened("a")
        offer = live(made)
        if accepted:
            say(made, Verb.ACCEPT)
        apply_update(made.ctx(), REF, report(sequence=2, county="", languages=()), [])
        assert made.case().offer_with(offer.id).state == ("recalled" if accepted else "withdrawn")
        assert made.last("unroutable").reason == "no_consent"


def test_a_withdrawal_from_before_the_report_does_not_close_the_case() -> None:
    made = opened("a", consents=[])
    apply_consent(made.ctx(), REF, consent(granted=False, at=after(-1), scope=()))
    assert not made.case().closed
    assert made.last("unroutable").reason == "no_consent"


def test_what_is_withdrawn_from_one_partner_is_kept_from_it_whatever_is_later_agreed_for_all() -> None:
    made = opened("a", "b", consents=[consent(recipient="b")])
    apply_consent(made.ctx(), REF, consent(granted=False, at=after(1), recipient="a", scope=("contact",)))
    apply_consent(made.ctx(), REF, consent(at=after(2), scope=("contact", "narrative")))
    assert made.case().effective_consent(after(3)).scopes_for("a") == {"narrative"}
    apply_consent(made.ctx(), REF, consent(at=after(3), recipient="a"))
    assert made.case().effective_consent(after(4)).scopes_for("a") == {"narrative", "contact"}


def test_withdrawing_part_of_a_consent_recalls_whom_it_was_given() -> None:
    made = opened("a", "b", consents=[consent(), consent(scope=("narrative",))])
    first = live(made)
    say(made, Verb.ACCEPT)
    apply_consent(made.ctx(), REF, consent(granted=False, at=after(1), scope=("contact",)))
    assert made.case().offer_with(first.id).state == "recalled"
    assert live(made).partner_id != first.partner_id


def test_consent_for_one_partner_keeps_all_others_out() -> None:
    made = opened("a", "b", consents=[consent(recipient="b")])
    assert live(made).partner_id == "b"


def test_consent_that_has_ended_at_acceptance_takes_the_offer_back() -> None:
    made = opened("a", consents=[consent(until=START + timedelta(minutes=5))])
    made.pass_time(minutes=6)
    assert say(made, Verb.ACCEPT) is ReplyOutcome.LATE
    assert made.kinds()[-1] == "unroutable"
    assert made.case().offers[0].state == "withdrawn"


def test_an_acceptance_that_loses_the_last_place_has_that_reason_and_the_next_is_asked() -> None:
    made = opened("a", "b")
    first = live(made)
    made.partners.kept[first.partner_id] = partner(first.partner_id, capacity=1)
    made.engagements.kept["taken"] = replace(first, id="taken", state=State.ACCEPTED)
    made.engagements.placed.discard(first.id)
    assert say(made, Verb.ACCEPT, offer=first) is ReplyOutcome.LATE
    lost = made.case().offer_with(first.id)
    assert (lost.state, lost.detail, state_error(lost).code) == ("withdrawn", NO_PLACE, NO_PLACE)
    assert live(made).partner_id != first.partner_id


def test_a_partner_suspended_after_the_offer_cannot_accept_it() -> None:
    made = opened("a")
    made.partners.kept["a"] = partner("a", suspended=True)
    assert say(made, Verb.ACCEPT) is ReplyOutcome.LATE
    assert made.case().offers[0].state == "withdrawn"


def test_a_restriction_added_later_takes_the_referral_back_and_asks_another() -> None:
    made = opened("a", "b")
    first = live(made)
    say(made, Verb.ACCEPT)
    apply_defender(made.ctx(), REF, defender(first.partner_id, sequence=2))
    assert made.case().offer_with(first.id).state == "recalled"
    assert live(made).partner_id != first.partner_id


def test_an_older_word_of_the_registry_does_not_lift_a_restriction() -> None:
    made = office(partner("a"))
    apply_defender(made.ctx(), REF, defender("a", sequence=2))
    apply_defender(made.ctx(), REF, defender(sequence=1))
    follow_report(made.ctx(), REF, report(), [consent()])
    assert not made.case().offers


def test_a_report_taken_back_recalls_everything_for_good() -> None:
    made = opened("a", "b")
    say(made, Verb.ACCEPT)
    apply_withdrawal(made.ctx(), REF)
    apply_withdrawal(made.ctx(), REF)
    assert made.kinds()[-2:] == ["recalled", "case.closed"]
    apply_update(made.ctx(), REF, report(sequence=5, needs=("medical",)), [consent(at=after(1))])
    assert made.case().closed
    assert list(made.case().needs) == ["legal_aid"]


def test_a_withdrawal_that_overtakes_its_report_keeps_it_from_being_offered() -> None:
    made = office(partner("a"))
    apply_withdrawal(made.ctx(), REF)
    follow_report(made.ctx(), REF, report(), [consent()])
    apply_defender(made.ctx(), REF, defender())
    assert not made.case().offers


def test_an_update_adds_needs_and_shortens_the_wait_of_what_became_urgent() -> None:
    made = opened("a")
    made.cases.kept[REF].offers[0].due = after(100)
    told = report(sequence=2, urgency="critical", needs=("medical",), county="", languages=())
    apply_update(made.ctx(), REF, told, [consent(at=after(1))])
    assert set(made.case().needs) == {"legal_aid", "medical"}
    assert live(made).due == START + timedelta(minutes=15)
    assert made.case().priority == 0


def test_an_update_that_overtakes_its_report_is_the_later_word() -> None:
    made = office(partner("a"))
    apply_update(made.ctx(), REF, report(sequence=2, urgency="critical", county="", languages=()), [consent(at=after(1))])
    follow_report(made.ctx(), REF, report(urgency="low"), [consent()])
    apply_defender(made.ctx(), REF, defender())
    assert (made.case().urgency, live(made).partner_id) == ("critical", "a")


def test_each_need_has_its_own_offer() -> None:
    made = office(partner("a"), partner("m", support_types=("medical",)))
    follow_report(made.ctx(), REF, report(needs=("legal_aid", "medical")), [consent()])
    apply_defender(made.ctx(), REF, defender())
    assert {offer.need: offer.partner_id for offer in made.case().offers} == {"legal_aid": "a", "medical": "m"}


def test_a_human_settles_a_need_and_what_was_offered_is_withdrawn() -> None:
    made = opened("a")
    settle_need(made.ctx("amina"), {"reason": "met_elsewhere"}, REF, "legal_aid")
    assert made.kinds()[-3:] == ["withdrawn", "need.settled", "case.closed"]
    with pytest.raises(NotAllowedNow):
        match_again(made.ctx("amina"), REF)


def test_an_operator_matches_again_at_once() -> None:
    made = opened()
    made.partners.put(partner("new"))
    match_again(made.ctx("amina"), REF)
    assert live(made).partner_id == "new"


def test_nobody_answers_for_another_partner() -> None:
    made = opened("a", "b")
    with pytest.raises(NotFound):
        handle_reply(made.ctx(), "zz", Reply(live(made).id, Verb.ACCEPT), keep_early=True)
    with pytest.raises(NotFound):
        handle_reply(made.ctx(), "a", Reply("no-such-offer", Verb.ACCEPT), keep_early=True)


def settled() -> Office:
    made = opened("a")
    settle_need(made.ctx("op"), {"reason": "met"}, REF, "legal_aid")
    assert made.case().closed
    return made


def test_a_new_need_opens_a_closed_case_again_and_is_offered() -> None:
    made = settled()
    made.partners.put(partner("b", support_types=("emergency_evacuation",)))
    apply_update(made.ctx(), REF, report(needs=("legal_aid", "emergency_evacuation"), sequence=3, received_at=None), [consent()])
    assert not made.case().closed
    assert made.last("case.reopened").reason == "need_added"
    assert made.case().live_offer("emergency_evacuation") is not None


def half_settled(*partners: str) -> Office:
    """A case of two needs: the doctor's part is done, the lawyer is at work."""
    made = office(*(partner(name) for name in partners), partner("m", support_types=("medical",)))
    follow_report(made.ctx(), REF, report(needs=("medical", "legal_aid")), [consent()])
    apply_defender(made.ctx(), REF, defender())
    for offer in made.case().offers:
        say(made, Verb.ACCEPT, offer=offer)
    for verb in (Verb.START, Verb.COMPLETE):
        say(made, verb, "helped" if verb is Verb.COMPLETE else "", offer=made.case().offers[0])
    return made


def torture_reported(made: Office, *again: str, changed: tuple[str, ...] = ("violations",)) -> None:
    word = report(needs=("medical", "legal_aid"), sequence=3, received_at=None)
    apply_update(made.ctx(), REF, word, [consent()], Changed(frozenset(changed), again))


def test_a_new_act_asks_anew_for_what_is_settled_in_an_open_case_and_leaves_the_rest_alone() -> None:
    made = half_settled("a")
    lawyer = live(made)
    torture_reported(made, "medical")
    asked = made.case().live_offer("medical")
    assert asked is not None
    assert asked.partner_id == "m"
    assert live(made).id == lawyer.id
    told = [news for _, news in made.cases.changes if news.kind is Kind.REOPENED]
    assert [(each.needs, each.reason) for each in told] == [(("medical",), "violation_added")]


def test_a_word_without_a_new_act_asks_for_nothing_that_is_settled() -> None:
    made = half_settled("a")
    torture_reported(made, "medical", changed=("narrative",))
    assert made.case().live_offer("medical") is None
    assert "case.reopened" not in made.kinds()


def test_a_new_act_that_asks_for_nothing_settled_reopens_nothing() -> None:
    made = half_settled("a")
    torture_reported(made, "legal_aid", "psychosocial")
    assert made.case().live_offer("medical") is None
    assert "case.reopened" not in made.kinds()


def test_a_new_act_opens_a_closed_case_again_and_everything_is_asked_anew() -> None:
    made = settled()
    act = Changed(frozenset({"violations"}), ("legal_aid",))
    apply_update(made.ctx(), REF, report(sequence=3, received_at=None), [consent()], act)
    assert live(made).partner_id == "a"
    told = [news for _, news in made.cases.changes if news.kind is Kind.REOPENED]
    assert [(each.needs, each.reason) for each in told] == [(("legal_aid",), "violation_added")]
    assert made.kinds()[-3:] == ["report.learnt", "case.reopened", "offered"]


def test_a_consent_renewed_after_a_whole_withdrawal_opens_the_closed_case_again() -> None:
    made = opened("a")
    apply_consent(made.ctx(), REF, Statement("referral", (), None, None, START, granted=False))
    assert made.case().closed
    made.clock.advance(timedelta(seconds=60))
    apply_consent(made.ctx(), REF, Statement("referral", (), None, None, START + timedelta(seconds=60), granted=True))
    assert made.last("case.reopened").reason == "consent_given"
    assert live(made).partner_id == "a"


def test_an_update_that_only_repeats_leaves_a_closed_case_closed() -> None:
    made = settled()
    apply_update(made.ctx(), REF, report(sequence=3, received_at=None), [consent()])
    assert made.case().closed


def test_a_higher_urgency_opens_a_settled_case_and_asks_anew() -> None:
    made = settled()
    apply_update(made.ctx(), REF, report(urgency="critical", sequence=3, received_at=None), [consent()])
    assert live(made).partner_id == "a"


def test_a_word_from_before_the_withdrawal_is_no_news() -> None:
    made = opened("a")
    apply_withdrawal(made.ctx(), REF, 5)
    apply_update(made.ctx(), REF, report(needs=("legal_aid", "medical_care"), sequence=3, received_at=None), [consent()])
    assert made.case().closed


def test_one_place_is_offered_once() -> None:
    made = office(partner("a", capacity=1))
    for ref in ("NG-1", "NG-2"):
        follow_report(made.ctx(), ref, report(), [consent()])
        apply_defender(made.ctx(), ref, defender())
    assert made.case("NG-1").live_offer("legal_aid")
    assert made.case("NG-2").live_offer("legal_aid") is None


def test_an_acceptance_with_neither_contact_nor_refusal_alarms_once_and_stays_visible_until_both_are_answered() -> None:
    made = opened("a")
    offer = live(made)
    say(made, Verb.ACCEPT)
    wait(made, timedelta(seconds=119))
    assert not missed(made)
    wait(made, timedelta(seconds=2))
    wait(made, timedelta(minutes=10))
    assert [each.reason for each in missed(made)] == ["contact_silent"]
    assert {reason.rule for reason in missed(made)[0].reasons} == {"contact_silent", "narrative_silent"}
    for part, still in (("contact", True), ("narrative", False)):
        told = {"case_ref": REF, "offer_id": offer.id, "partner_id": offer.partner_id, "reason": "no_consent"}
        event = make(f"{SERVICE[part]}.{part}.withheld.v1", subject=REF, data=told, partner_id=offer.partner_id)
        note_disclosure(made.ctx(), payload_of(event), event)
        assert (made.case().offer_with(offer.id).undisclosed_since is not None) is still


@pytest.mark.parametrize("verb", [Verb.COMPLETE, Verb.FAIL])
def test_an_offer_that_has_ended_waits_for_no_disclosure(verb: Verb) -> None:
    made = opened("a")
    offer = live(made)
    say(made, Verb.ACCEPT)
    wait(made, timedelta(minutes=5))
    assert made.case().offer_with(offer.id).undisclosed_since == START + timedelta(seconds=120)
    say(made, verb, "helped" if verb is Verb.COMPLETE else "unreachable", offer)
    assert made.case().offer_with(offer.id).undisclosed_since is None


def note(made: Office, offer: Offer, part: str, answer: str) -> None:
    more = {"reason": "not_safe", "recalled": True} if answer == "withheld" else {"key_id": "k", "box": "b", "supersedes": False}
    told = {"case_ref": REF, "offer_id": offer.id, "partner_id": offer.partner_id, **more}
    event = make(f"{SERVICE[part]}.{part}.{answer}.v1", subject=REF, data=told, partner_id=offer.partner_id)
    note_disclosure(made.ctx(), payload_of(event), event)


@pytest.mark.parametrize("done", [True, False])
def test_a_contact_that_is_called_back_leaves_the_catch_up_and_the_narrative_stays(done: bool) -> None:
    made = opened("a")
    offer = live(made)
    say(made, Verb.ACCEPT)
    for part in ("contact", "narrative"):
        note(made, offer, part, "disclosed")
    if done:
        say(made, Verb.COMPLETE, "helped", offer)
    note(made, offer, "contact", "withheld")
    kept = [event["data"] for _, event in made.ctx().partner_log.after(offer.partner_id, 0, 100)]
    assert ["box" in data for data in kept if "box" in data or "recalled" in data] == [True, False]


def missed(made: Office) -> list[CaseChange]:
    return [news for _, news in made.cases.changes if news.kind is Kind.DISCLOSURE_OVERDUE]
