"""Time has passed: end the waits that are over and take the next step of each."""

from __future__ import annotations

from services.referral.cases.waiting import pass_time
from services.referral.matching.route_needs import route_and_keep
from services.referral.ports import Desk


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
