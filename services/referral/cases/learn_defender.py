"""The registry knows who it is: take the restrictions, and route the case if the report is known."""

from __future__ import annotations

from services.referral.cases.facts import Defender
from services.referral.matching.route_needs import route_and_keep
from services.referral.ports import Desk


def learn_defender(desk: Desk, case_ref: str, defender: Defender) -> None:
    """Take what the registry says; offers to partners that are restricted now are taken back."""
    case = desk.known_or_new(case_ref)
    case.learn_defender(defender, desk.now)
    route_and_keep(case, desk)
