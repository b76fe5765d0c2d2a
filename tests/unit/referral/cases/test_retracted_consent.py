"""What another person said holds for no case of this one, once the registry has parted the two."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations

import pytest

from ngao.kernel.consent import Statement
from services.referral.offers.handle_reply import handle_reply
from services.referral.offers.model import Reply, Verb
from tests.support.referral import (
    START,
    Office,
    apply_consent,
    apply_defender,
    consent,
    defender,
    follow_report,
    office,
    partner,
    report,
)

REF = "NG-1"
LATER = START + timedelta(minutes=1)
GIVEN = consent(at=LATER)
GONE = consent(granted=False, at=LATER, scope=())


def opened(*agreed: Statement) -> Office:
    made = office(partner("a"))
    follow_report(made.ctx(), REF, report(), list(agreed))
    apply_defender(made.ctx(), REF, defender())
    made.clock.advance(timedelta(minutes=2))
    return made


def test_a_consent_that_another_person_gave_ends_the_offer_and_a_human_gets_the_case() -> None:
    made = opened()
    apply_consent(made.ctx(), REF, GIVEN, 5)
    assert made.case().live_offer("legal_aid")
    apply_consent(made.ctx(), REF, GIVEN, 6, retracted=True)
    assert made.case().live_offer("legal_aid") is None
    assert not made.case().closed
    assert made.last("unroutable").reason == "no_consent"


def test_a_consent_that_another_person_gave_recalls_what_a_partner_has_accepted() -> None:
    made = opened()
    apply_consent(made.ctx(), REF, GIVEN, 5)
    handle_reply(made.ctx(), "a", Reply(made.case().offers[0].id, Verb.ACCEPT), keep_early=True)
    apply_consent(made.ctx(), REF, GIVEN, 6, retracted=True)
    assert made.case().offers[0].state == "recalled"


@pytest.mark.parametrize("events", [
    ((5, False), (6, True)), ((5, False), (6, True), (7, False)), ((5, False), (6, True), (7, False), (8, True)),
])  # fmt: skip
def test_in_whatever_order_the_events_come_the_last_one_counts(events: tuple[tuple[int, bool], ...]) -> None:
    holds = not events[-1][1]
    for order in permutations(events):
        made = opened()
        for sequence, retracted in order:
            apply_consent(made.ctx(), REF, GIVEN, sequence, retracted=retracted)
        assert made.case().effective_consent(made.now).given is holds, order
        assert holds or made.case().live_offer("legal_aid") is None, order


def test_what_withdrawals_had_left_of_a_consent_is_retracted_with_it() -> None:
    made = opened()
    apply_consent(made.ctx(), REF, consent(at=LATER, scope=("contact", "narrative")), 4)
    apply_consent(made.ctx(), REF, GIVEN, 5)
    apply_consent(made.ctx(), REF, consent(at=LATER, scope=("contact", "narrative")), 6, retracted=True)
    assert not made.case().effective_consent(made.now).given


@pytest.mark.parametrize("agreed", [True, False])
def test_a_withdrawal_that_another_person_made_does_not_keep_the_case_closed(agreed: bool) -> None:
    made = opened(*([consent()] if agreed else []))
    apply_consent(made.ctx(), REF, GONE, 5)
    assert made.case().closed
    apply_consent(made.ctx(), REF, GONE, 6, retracted=True)
    assert not made.case().closed
    assert made.last("case.reopened").reason == "withdrawal_retracted"
    assert bool(made.case().live_offer("legal_aid")) is agreed
    assert agreed or made.last("unroutable").reason == "no_consent"


def test_a_retraction_does_not_open_a_case_that_another_withdrawal_keeps_closed() -> None:
    made = opened(consent())
    apply_consent(made.ctx(), REF, GONE, 5)
    apply_consent(made.ctx(), REF, consent(granted=False, at=LATER + timedelta(seconds=1), scope=()), 6)
    apply_consent(made.ctx(), REF, GONE, 7, retracted=True)
    assert made.case().closed


@pytest.mark.parametrize("accepts", [True, False])
def test_a_consent_that_has_ended_and_is_published_again_recalls_what_it_covered(accepts: bool) -> None:
    """The registry publishes it once more when it ends; before that, it changes nothing."""
    made = opened()
    ending = consent(at=LATER, until=START + timedelta(hours=1))
    apply_consent(made.ctx(), REF, ending, 5)
    if accepts:
        handle_reply(made.ctx(), "a", Reply(made.case().offers[0].id, Verb.ACCEPT), keep_early=True)
    before = made.case().offers[0].state
    apply_consent(made.ctx(), REF, ending, 6)
    assert made.case().offers[0].state == before
    made.clock.advance(timedelta(hours=1))
    apply_consent(made.ctx(), REF, ending, 7)
    assert made.case().offers[0].state == ("recalled" if accepts else "withdrawn")
