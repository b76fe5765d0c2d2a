"""That the person never wants to be referred to a partner is not for that partner: it learns of a consent that ended."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from services.referral.cases.events import event_of, state_of
from services.referral.cases.settle_need import settle_need
from services.referral.offers.handle_partner_reply import late_answer
from services.referral.offers.handle_reply import handle_reply, state_error
from services.referral.offers.model import Offer, Reply, Verb
from services.referral.offers.responses import offer_view, own_offer_view
from services.referral.offers.withdraw_from_distrusted import withdraw_offer
from tests.support.referral import (
    Office,
    apply_consent,
    apply_defender,
    apply_withdrawal,
    consent,
    defender,
    follow_report,
    office,
    partner,
    report,
)

REF = "NG-1"
RESTRICTED, CONSENT_ENDED = "restriction_added", "consent_withdrawn"


def _restrict(made: Office) -> None:
    apply_defender(made.ctx(), REF, defender("a", sequence=2))


def _withdraw_consent(made: Office) -> None:
    apply_consent(made.ctx(), REF, consent(granted=False, at=made.now + timedelta(seconds=1)))


def _withdraw_report(made: Office) -> None:
    apply_withdrawal(made.ctx(), REF, 2)


def _settle(made: Office) -> None:
    settle_need(made.ctx("asha"), {"reason": "met"}, REF, "legal_aid")


def _suspend(made: Office) -> None:
    made.partners.kept["a"] = partner("a", suspended=True)
    withdraw_offer(made.ctx(), made.case().offers[0].id)


OF_OPEN_AND_TAKEN = [_restrict, _withdraw_consent, _withdraw_report, _settle]


def _offered() -> Office:
    made = office(partner("a"))
    follow_report(made.ctx(), REF, report(), [consent()])
    apply_defender(made.ctx(), REF, defender())
    return made


def _taken_back(act: Callable[[Office], None], *, taken: bool) -> tuple[Office, Offer]:
    made = _offered()
    if taken:
        handle_reply(made.ctx(), "a", Reply(made.case().offers[0].id, Verb.ACCEPT), keep_early=False)
    act(made)
    return made, made.case().offers[0]


def _reasons_seen(made: Office, offer: Offer) -> list[Any]:
    """The reason in every form in which the partner can see that an offer of its own was taken back."""
    case = made.case()
    told: Any = event_of(made.ctx(), case, made.last(offer.state.value))
    again: Any = state_of(case, offer)
    late = late_answer("a", offer).errors[0].code
    own = own_offer_view(case.ref_for(offer), case.urgency, offer)["detail"]
    return [told.reason, again.reason, late, own, state_error(offer).code, made.log.of("a")[-1]["reason"]]


@pytest.mark.parametrize("taken", [False, True], ids=["open", "taken"])
@pytest.mark.parametrize("act", OF_OPEN_AND_TAKEN)
def test_a_partner_never_learns_of_a_restriction(act: Callable[[Office], None], *, taken: bool) -> None:
    made, offer = _taken_back(act, taken=taken)
    expected = CONSENT_ENDED if act is _restrict else offer.detail
    assert set(_reasons_seen(made, offer)) == {expected}


def test_a_partner_learns_that_it_was_suspended() -> None:
    made, offer = _taken_back(_suspend, taken=False)
    assert set(_reasons_seen(made, offer)) == {offer.detail}


@pytest.mark.parametrize("taken", [False, True], ids=["open", "taken"])
def test_for_the_coalition_the_reason_stays_the_true_one(*, taken: bool) -> None:
    made, offer = _taken_back(_restrict, taken=taken)
    assert offer_view(REF, "high", offer)["detail"] == RESTRICTED
    assert made.last(offer.state.value).reason == RESTRICTED
