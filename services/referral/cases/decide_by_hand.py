"""What a human decides about a case: match it again now, or settle a need."""

from __future__ import annotations

from ngao.chassis.errors import NotAllowedNow, NotFound
from ngao.kernel.actors import Actor
from services.referral.cases.errors import NoSuchNeed
from services.referral.cases.model import Case
from services.referral.matching.route_needs import route_and_keep
from services.referral.offers.shut_out import take_from_revoked
from services.referral.ports import Desk


def match_again(desk: Desk, case_ref: str) -> Case:
    """Match the needs that a human or a revoked partner holds, without waiting; raises NotFound, NotAllowedNow."""
    case = case_to_change(desk, case_ref)
    take_from_revoked(case, desk)
    for need in case.needs.values():
        need.wake()
    route_and_keep(case, desk)
    return case


def settle_need(desk: Desk, case_ref: str, need: str, reason: str, operator_id: str) -> Case:
    """Settle a need by a human's word; raises NotFound, NotAllowedNow."""
    case = case_to_change(desk, case_ref)
    try:
        case.settle(need, reason, desk.now, actor=Actor.operator(operator_id))
    except NoSuchNeed:
        raise NotFound("The case has no such need.") from None
    desk.keep(case)
    return case


def case_to_change(desk: Desk, case_ref: str) -> Case:
    """A case that is not closed; raises NotFound, NotAllowedNow."""
    case = desk.cases.get(case_ref)
    if case is None:
        raise NotFound("There is no such case.")
    if case.closed:
        raise NotAllowedNow("The case is closed.", slug="case-closed")
    return case
