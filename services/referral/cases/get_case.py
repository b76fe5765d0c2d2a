"""Show a case and its timeline to operators: every step in the order of time, messages to humans included."""

from __future__ import annotations

from typing import Any

from ngao.chassis.handlers import http, itself
from services.referral.cases.finding import known_case
from services.referral.cases.responses import StoryView, timeline_view
from services.referral.context import Context


@http.get("/v1/cases/<case_ref>", roles="operator", scope="cases:read", audit=itself("case.read"), returns=StoryView)
def get_case(ctx: Context, case_ref: str) -> dict[str, Any]:
    """Show a case and its timeline so far."""
    ctx.audit("case.read", subject=case_ref)
    case = known_case(ctx, case_ref)
    return timeline_view(case, ctx.timeline.of(case_ref))
