"""List cases for operators."""

from __future__ import annotations

from typing import Any

from ngao.chassis.errors import InvalidInput
from ngao.chassis.handlers import http, lists
from ngao.contracts import FieldError
from services.referral.cases.model import Life
from services.referral.cases.responses import CasesView, case_view
from services.referral.context import Context
from services.referral.requests import whole_number


@http.get("/v1/cases", roles="operator", scope="cases:read", audit=lists("cases"), returns=CasesView)
def list_cases(ctx: Context, *, state: str | None = None, limit: str = "100") -> dict[str, Any]:
    """List cases, the newest first; `?state=waiting|open|closed&limit=`."""
    most = whole_number("limit", limit, 1000)
    return {"cases": [case_view(case) for case in ctx.cases.latest(_life(state), most)]}


def _life(given: str | None) -> Life | None:
    if given is None:
        return None
    if given not in set(Life):
        raise InvalidInput("The query is invalid.", [FieldError("/state", "unknown_code", "Must be waiting, open or closed.")])
    return Life(given)
