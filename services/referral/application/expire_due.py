"""Time has passed: end the waits that are over and take the next step of each."""

from __future__ import annotations

from services.referral.application.ports import Desk
from services.referral.application.route_needs import route_and_keep
from services.referral.domain.waiting import pass_time


def expire_due(desk: Desk, case_ref: str) -> bool:
    """Let time pass for one case; says whether there was anything to do.

    Another replica may have done it meanwhile: the case is read anew, and its revision guards the rest.
    """
    case = desk.cases.get(case_ref)
    if case is None or case.next_deadline is None or case.next_deadline > desk.now:
        return False
    pass_time(case, desk.now, desk.deadlines)
    route_and_keep(case, desk)
    return True
