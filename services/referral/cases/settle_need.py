"""Settle a need on an operator's decision."""

from __future__ import annotations

from typing import Any

from ngao.chassis.errors import NotFound
from ngao.chassis.handlers import http, itself
from ngao.kernel.scopes import HUB, OWN
from services.referral.cases.announcing import store_case
from services.referral.cases.finding import case_to_change
from services.referral.cases.responses import CaseView, SettleRequest, case_view
from services.referral.context import Context


@http.post(
    "/v1/cases/<case_ref>/needs/<need>/settle",
    roles="operator",
    scope="cases:write",
    audit=itself("need.settled"),
    request=SettleRequest,
    returns=CaseView,
    bounded=(HUB, OWN),
)
def settle_need(ctx: Context, body: dict[str, Any], case_ref: str, need: str) -> dict[str, Any]:
    """Settle a need that is met or gone."""
    case = case_to_change(ctx, case_ref)
    if need not in case.needs:
        raise NotFound("The case has no such need.")
    case.settle(need, body["reason"], ctx.now, actor=ctx.actor)
    store_case(ctx, case)
    return case_view(case)
