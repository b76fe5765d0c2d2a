"""Give a case to an operator: take it over, or hand it over to another one."""

from __future__ import annotations

from typing import Any

from ngao.chassis.errors import NotAllowedNow
from ngao.chassis.handlers import http, itself
from ngao.contracts import FieldError
from ngao.kernel.scopes import HUB, OWN
from services.referral.cases.announcing import store_case
from services.referral.cases.finding import known_case
from services.referral.cases.owning import HANDED_OVER, TAKEN_OVER
from services.referral.cases.responses import CaseView, OwnRequest, case_view
from services.referral.context import Context


@http.post(
    "/v1/cases/<case_ref>/owner",
    roles="operator",
    scope="cases:write",
    audit=itself("case.owned"),
    request=OwnRequest,
    returns=CaseView,
    bounded=(HUB, OWN),
    summary="Take over a case, or hand it over.",
)
def own_case(ctx: Context, body: dict[str, Any], case_ref: str) -> dict[str, Any]:
    """Make an operator the owner. If they own the case already, nothing changes, so that a repeated request is harmless.

    A closed case can be given too: a new fact may open it again, and its owner is then notified. Accounts are kept elsewhere, so
    the id is not looked up. Raises NotFound, and NotAllowedNow (`owner-changed`) if the owner is not the one that the caller saw.
    """
    case, owner = known_case(ctx, case_ref), body["owner"]
    if owner == case.owner:
        return case_view(case)
    if body.get("seen_owner", case.owner) != case.owner:
        raise _changed(case.owner)
    case.give_to(owner, ctx.now, reason=TAKEN_OVER if owner == ctx.actor.id else HANDED_OVER, actor=ctx.actor)
    store_case(ctx, case)
    return case_view(case)


def _changed(owner: str | None) -> NotAllowedNow:
    now = f"The owner is {owner} now." if owner else "The case has no owner now."
    message = f"Another operator has changed the owner of this case since you saw it. {now}"
    return NotAllowedNow(message, slug="owner-changed", errors=[FieldError("/seen_owner", "changed", now)])
