"""Use cases declare their own entrypoints; `build` makes a service of them (ADR 0039)."""

from ngao.chassis.approvals.asking import always
from ngao.chassis.handlers.building import build
from ngao.chassis.handlers.context import Parts, UnitContext
from ngao.chassis.handlers.declaring import before_publishing, every, http, measures, on, on_edge, on_notices
from ngao.chassis.http.auditing import itself, lists, nothing, shows
from ngao.chassis.http.call import Call, Response
from ngao.chassis.http.filling import fill

__all__ = [
    "Call", "Parts", "Response", "UnitContext", "always", "before_publishing", "build", "every", "fill", "http", "itself",
    "lists", "measures", "nothing", "on", "on_edge", "on_notices", "shows",
]  # fmt: skip
