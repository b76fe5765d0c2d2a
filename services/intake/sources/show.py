"""Show sources to operators."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from ngao.chassis.handlers import http, nothing
from ngao.contracts.classes import INTERNAL, Tolerant
from services.intake.context import Context
from services.intake.sources.responses import SourceShown, source_answer

_A_SYSTEM = "A source is a system, not a person."


class SourcesShown(Tolerant):
    """All sources."""

    sources = fields.List(fields.Nested(SourceShown), metadata=INTERNAL)


@http.get(
    "/v1/sources/<source_id>",
    roles="operator",
    scope="sources:read",
    audit=nothing(_A_SYSTEM),
    returns=SourceShown,
    summary="One source.",
)
def show_source(ctx: Context, source_id: str) -> dict[str, Any]:
    """Show a source without its keys. Raises NotFound."""
    return source_answer(ctx.sources.get(source_id))


@http.get(
    "/v1/sources",
    roles="operator",
    scope="sources:read",
    audit=nothing(_A_SYSTEM),
    returns=SourcesShown,
    summary="All sources.",
)
def list_sources(ctx: Context) -> dict[str, Any]:
    """List all sources without their keys."""
    return {"sources": [source_answer(source) for source in ctx.sources.all()]}
