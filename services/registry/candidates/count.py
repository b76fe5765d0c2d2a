"""Count the candidates that wait for a person, without reading any."""

from __future__ import annotations

from typing import Any

from ngao.chassis.handlers import http, nothing
from services.registry.candidates.responses import CandidatesWaiting
from services.registry.context import Context


@http.get(
    "/v1/candidates/waiting", roles="operator", scope="defenders:read", returns=CandidatesWaiting,
    audit=nothing("A number of cases, no record of a person."),
)  # fmt: skip
def count_candidates(ctx: Context) -> dict[str, Any]:
    """Count the undecided candidates."""
    return {"waiting": ctx.candidates.count_open()}
