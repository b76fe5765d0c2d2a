"""Show cases to operators: the newest in short, and one with its timeline."""

from __future__ import annotations

from typing import Any

from ngao.chassis.errors import InvalidInput
from ngao.chassis.handlers import http, itself, lists
from ngao.contracts import FieldError
from services.referral.cases.finding import known_case
from services.referral.cases.model import Life
from services.referral.cases.responses import CasesView, TimelineView, case_view, timeline_view
from services.referral.context import Context
from services.referral.requests import whole_number


@http.get("/v1/cases", roles="operator", scope="cases:read", audit=lists("cases"), returns=CasesView, bounded=True)
def list_cases(ctx: Context, *, state: str | None = None, limit: str = "100") -> dict[str, Any]:
    """List the cases that the caller reaches, the newest first; `?state=waiting|open|closed&limit=`."""
    most = whole_number("limit", limit, 1000)
    found = ctx.cases.latest(_life(state), most, ctx.principal.hubs_reached if ctx.principal else None)
    return {"cases": [case_view(case) for case in found]}


@http.get(
    "/v1/cases/<case_ref>", roles="operator", scope="cases:read", audit=itself("case.read"), returns=TimelineView, bounded=True
)
def get_case(ctx: Context, case_ref: str) -> dict[str, Any]:
    """Show a case and its timeline so far."""
    ctx.audit("case.read", subject=case_ref)
    case = known_case(ctx, case_ref)
    return timeline_view(case, ctx.timeline.of(case_ref))


def _life(given: str | None) -> Life | None:
    if given is None:
        return None
    if given not in set(Life):
        raise InvalidInput("The query is invalid.", [FieldError("/state", "unknown_code", "Must be waiting, open or closed.")])
    return Life(given)
