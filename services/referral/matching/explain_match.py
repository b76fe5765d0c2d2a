"""Explain who a case would be offered to and why, without offering anything."""

from __future__ import annotations

from typing import Any

from ngao.chassis.errors import NotAllowedNow
from ngao.chassis.handlers import http, itself
from ngao.kernel.scopes import HUB, OWN
from services.referral.cases.facts import Reason
from services.referral.cases.finding import known_case
from services.referral.cases.need import NeedState
from services.referral.context import Context
from services.referral.matching.responses import MatchesView, match_view
from services.referral.matching.route_needs import request_of

_FITS = Reason("fits", "Nothing excludes this partner.")


@http.get(
    "/v1/cases/<case_ref>/match",
    roles="operator",
    scope="cases:read",
    audit=itself("case.match_read"),
    returns=MatchesView,
    bounded=(HUB, OWN),
)
def explain_match(ctx: Context, case_ref: str, *, partner_id: str | None = None) -> dict[str, Any]:
    """Explain who the case would be offered to, and why; `?partner_id=` asks about one.

    Every need that is not settled is matched. Raises NotFound, NotAllowedNow before the report is known.
    """
    ctx.audit("case.match_read", subject=case_ref)
    case = known_case(ctx, case_ref)
    if case.report is None or not case.report.complete:
        raise NotAllowedNow("The report of this case is not known here yet.", slug="report-not-known")
    matcher = ctx.directory.matcher(ctx.engagements.loads)
    matches = []
    for need in case.needs.values():
        if need.state is not NeedState.SETTLED:
            wanted = request_of(ctx, case, need)
            asked = (matcher.why_not(partner_id, wanted) or _FITS) if partner_id else None
            matches.append(match_view(need.name, matcher.match(wanted), asked))
    return {"case_ref": case_ref, "matches": matches}
