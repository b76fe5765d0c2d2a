"""Show a source the key that it seals its reports to when it posts them over AMQP."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from ngao.chassis.handlers import http, nothing
from ngao.contracts.classes import INTERNAL, PUBLIC, Tolerant
from services.intake.context import Context
from services.intake.reports.responses import show


class SealingKeyShown(Tolerant):
    """What a source seals its reports to, when it posts them over AMQP."""

    key_id = fields.String(metadata=INTERNAL)
    public_key = fields.String(metadata=PUBLIC)


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
    return show(SealingKeyShown, key_id=key_id, public_key=public_key)
