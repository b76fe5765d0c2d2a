"""Show sources to operators, and to sources the key that they seal their reports to when they post them over AMQP."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from ngao.chassis.handlers import http, nothing
from ngao.contracts.classes import INTERNAL, PUBLIC, SENSITIVE, Tolerant
from services.intake.context import Context
from services.intake.reports.responses import show

_A_SYSTEM = "A source is a system, not a person."


class SourceShown(Tolerant):
    """A source. `key` is there only in the answer that made it, once."""

    source_id = fields.String(attribute="id", metadata=INTERNAL)
    enabled = fields.Boolean(metadata=INTERNAL)
    profile = fields.String(allow_none=True, metadata=INTERNAL)
    rate_per_second = fields.Float(allow_none=True, metadata=INTERNAL)
    keys = fields.Integer(metadata=INTERNAL)
    created_at = fields.AwareDateTime(metadata=INTERNAL)
    key = fields.String(metadata=SENSITIVE)


class SourcesShown(Tolerant):
    """All sources."""

    sources = fields.List(fields.Nested(SourceShown), metadata=INTERNAL)


class SealingKeyShown(Tolerant):
    """What a source seals its reports to, when it posts them over AMQP."""

    key_id = fields.String(metadata=INTERNAL)
    public_key = fields.String(metadata=PUBLIC)


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
    return show(SourceShown, ctx.sources.existing(source_id))


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
    return show(SourcesShown, {"sources": ctx.sources.all()})


@http.get(
    "/v1/sealing-key",
    roles=("source", "operator"),
    scope="sources:read",
    audit=nothing("A public key."),
    returns=SealingKeyShown,
    summary="The public key that reports over AMQP are sealed to.",
)
def show_sealing_key(ctx: Context) -> dict[str, Any]:
    """Show the public key of the active period; it changes with the period."""
    key_id, public_key = ctx.boxes.public()
    return {"key_id": key_id, "public_key": public_key}
