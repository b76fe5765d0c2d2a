"""Leave a candidate to others: a human has looked, and is not sure."""

from __future__ import annotations

from typing import Any

from ngao.chassis.errors import NotAllowedNow
from ngao.chassis.handlers import fill, http, itself
from services.registry.candidates.finding import candidate_of, demand_unchanged
from services.registry.candidates.responses import Unsure
from services.registry.context import Context
from services.registry.people.resolution import Verdict


@http.post(
    "/v1/candidates/<case_ref>/unsure",
    roles="operator",
    scope="defenders:write",
    audit=itself("candidate.unsure"),
    returns=Unsure,
    summary="Leave a candidate to others: the caller has looked and is not sure.",
)
def leave_candidate_open(ctx: Context, case_ref: str, *, seen: str = "") -> dict[str, Any]:
    """Record who is not sure and asks others to decide. Nothing else changes. Raises NotFound, NotAllowedNow if it is decided."""
    candidate = candidate_of(ctx, case_ref)
    demand_unchanged(candidate, seen)
    if candidate.verdict is not Verdict.OPEN:
        raise NotAllowedNow("This candidate is decided already.", slug="candidate-changed")
    candidate.leave_open(by=str(ctx.actor), at=ctx.now)
    ctx.candidates.save(candidate)
    ctx.audit("candidate.unsure", subject=candidate.id)
    return fill(Unsure, candidate, case_ref=candidate.id)
