"""The person changed what they agree to."""

from __future__ import annotations

from ngao.kernel.consent import FOR_REFERRAL, Statement
from services.referral.matching.route_needs import route_and_keep
from services.referral.ports import Desk


def learn_consent(desk: Desk, case_ref: str, fact: Statement) -> None:
    """Recall what consent no longer covers; offer what it covers now. Other purposes are not referral's concern."""
    if fact.purpose != FOR_REFERRAL:
        return
    case = desk.known_or_new(case_ref)
    case.learn_consent(fact, desk.now, desk.deadlines)
    route_and_keep(case, desk)
