"""Read a body in quarantine as it was posted, names and contacts included: with a reason, audited."""

from __future__ import annotations

from base64 import b64encode
from typing import Any

from marshmallow import fields

from ngao.chassis.handlers import http, itself
from ngao.chassis.messaging.parked import body_of
from ngao.contracts.classes import INTERNAL, SENSITIVE, Tolerant
from services.intake.context import Context


class OriginalShown(Tolerant):
    """A body in quarantine as it was posted: as text, or in base64 where its bytes are not UTF-8 (`encoding`)."""

    quarantine_id = fields.String(metadata=INTERNAL)
    encoding = fields.String(metadata=INTERNAL)
    body = fields.String(metadata=SENSITIVE)


@http.get(
    "/v1/quarantine/<quarantine_id>/original",
    roles="operator",
    scope="originals:read",
    audit=itself("quarantine.read"),
    returns=OriginalShown,
    summary="A body in quarantine as it was posted; ?reason= is demanded.",
)
def read_original(ctx: Context, quarantine_id: str, *, reason: str = "") -> dict[str, Any]:
    """Show what was posted, without losing a byte. Raises NotFound, NotAllowedNow, InvalidInput for an unknown reason."""
    ctx.policy.check_read_reason(reason)
    content = body_of(ctx.unit, ctx.shelf.waiting(quarantine_id))
    ctx.audit("quarantine.read", subject=quarantine_id, detail={"reason": reason})
    try:
        return {"quarantine_id": quarantine_id, "encoding": "utf-8", "body": content.decode()}
    except UnicodeDecodeError:
        return {"quarantine_id": quarantine_id, "encoding": "base64", "body": b64encode(content).decode()}
