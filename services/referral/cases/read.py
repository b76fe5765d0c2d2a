"""Show cases to operators: the newest in short, and one with its timeline."""

from __future__ import annotations

from typing import Any

from ngao.chassis.errors import InvalidInput
from ngao.chassis.handlers import http, itself, lists
from ngao.contracts import FieldError
from ngao.kernel.scopes import HUB, OWN
from services.referral.cases.finding import known_case
from services.referral.cases.model import Life
from services.referral.cases.owning import NO_ONE, may_own
from services.referral.cases.responses import CasesView, TimelineView, case_view, timeline_view
from services.referral.context import Context
from services.referral.requests import whole_number

_BY_URGENCY = "urgency"
_ORDERS = ("newest", _BY_URGENCY)


@http.get("/v1/cases", roles="operator", scope="cases:read", audit=lists("cases"), returns=CasesView, bounded=(HUB, OWN))
def list_cases(
    ctx: Context,
    *,
    case_ref: str | None = None,
    state: str | None = None,
    owner: str | None = None,
    order: str = "newest",
    limit: str = "100",
) -> dict[str, Any]:
    """List the cases that the caller reaches; `?case_ref=&state=waiting|open|closed&owner=&order=newest|urgency&limit=`.

    The newest are first, or with the order `urgency` the most urgent, and the newest of these.

    `case_ref` is one reference, or several with commas between them; unknown ones are not listed. `owner` is the id of an
    operator, or `none` for cases without an owner; closed ones of these are listed only if `state` asks.
    """
    most = whole_number("limit", limit, 1000)
    if order not in _ORDERS:
        raise InvalidInput("The query is invalid.", [FieldError("/order", "unknown_code", "Must be newest or urgency.")])
    lives, owners = _lives(state, owner), _owners(owner)
    if ctx.principal and (reached := ctx.principal.owners_reached) is not None:
        owners = reached if owners is None else owners & reached
    only = None if case_ref is None else case_ref.split(",")
    hubs = ctx.principal.hubs_reached if ctx.principal else None
    found = ctx.cases.latest(lives, most, hubs, owners, only, urgent_first=order == _BY_URGENCY)
    return {"cases": [case_view(case) for case in found]}


@http.get(
    "/v1/cases/<case_ref>", roles="operator", scope="cases:read", audit=itself("case.read"), returns=TimelineView,
    bounded=(HUB, OWN),
)  # fmt: skip
def get_case(ctx: Context, case_ref: str) -> dict[str, Any]:
    """Show a case and its timeline so far."""
    ctx.audit("case.read", subject=case_ref)
    case = known_case(ctx, case_ref)
    return timeline_view(case, ctx.timeline.of(case_ref))


def _lives(state: str | None, owner: str | None) -> tuple[Life, ...] | None:
    if state is None:
        return (Life.WAITING, Life.OPEN) if owner == NO_ONE else None
    if state not in set(Life):
        raise InvalidInput("The query is invalid.", [FieldError("/state", "unknown_code", "Must be waiting, open or closed.")])
    return (Life(state),)


def _owners(given: str | None) -> frozenset[str | None] | None:
    if given is None:
        return None
    if given == NO_ONE:
        return frozenset({None})
    if not may_own(given):
        raise InvalidInput("The query is invalid.", [FieldError("/owner", "format", "Must be the id of an operator, or none.")])
    return frozenset({given})
