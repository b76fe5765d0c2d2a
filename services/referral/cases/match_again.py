"""Match a case again on an operator's request, without waiting."""

from __future__ import annotations

from typing import Any

from ngao.chassis.handlers import http, itself
from ngao.kernel.scopes import HUB, OWN
from services.referral.cases.finding import case_to_change
from services.referral.cases.responses import CaseView, case_view
from services.referral.context import Context
from services.referral.matching.route_needs import route_and_store
from services.referral.offers.model import REVOKED
from services.referral.requests import NothingRequest


@http.post(
    "/v1/cases/<case_ref>/match",
    roles="operator",
    scope="cases:write",
    audit=itself("case.match_again"),
    request=NothingRequest,
    returns=CaseView,
    bounded=(HUB, OWN),
)
def match_again(ctx: Context, case_ref: str) -> dict[str, Any]:
    """Match the needs that a human holds again now.

    The offers of the case that revoked partners hold are recalled first. Raises NotFound, NotAllowedNow.
    """
    ctx.audit("case.match_again", subject=case_ref)
    case = case_to_change(ctx, case_ref)
    revoked = set(ctx.directory.current().revoked())
    for offer in case.offers:
        if offer.at_work and offer.partner_id in revoked:
            case.withdraw_or_recall(offer, REVOKED, ctx.now)
    case.return_needs_to_matching()
    route_and_store(ctx, case)
    return case_view(case)
