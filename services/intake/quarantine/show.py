"""List the bodies in quarantine without their content."""

from __future__ import annotations

from typing import Any

from marshmallow import fields

from ngao.chassis.errors import InvalidInput
from ngao.chassis.handlers import http, lists, shows
from ngao.chassis.messaging.accounts import outsider_account
from ngao.chassis.messaging.delivery import ORIGINAL_USER
from ngao.chassis.messaging.parked import ACCOUNT, DROPPED, EXPIRED, PARKED, REPLAYED
from ngao.chassis.pages.parked import limit_of
from ngao.contracts.classes import INTERNAL, Tolerant
from services.intake.context import Context
from services.intake.reports.responses import LeftOutShown, show

STATES = {"waiting": PARKED, "replayed": REPLAYED, "dismissed": DROPPED, "expired": EXPIRED, "all": "all"}
"""What an operator calls the states of the records."""
_NAMES = {state: name for name, state in STATES.items()}


class HeldShown(Tolerant):
    """A body in quarantine, without what is in it: `left_out` names what could not be read, never a value."""

    quarantine_id = fields.String(attribute="_id", metadata=INTERNAL)
    source_id = fields.String(metadata=INTERNAL)
    state = fields.String(metadata=INTERNAL)
    reason = fields.String(metadata=INTERNAL)
    left_out = fields.List(fields.Nested(LeftOutShown), metadata=INTERNAL)
    size = fields.Integer(metadata=INTERNAL)
    times = fields.Integer(metadata=INTERNAL)
    first_posted_at = fields.AwareDateTime(attribute="first_parked_at", metadata=INTERNAL)
    posted_at = fields.AwareDateTime(attribute="parked_at", metadata=INTERNAL)


class QuarantineShown(Tolerant):
    """Bodies in quarantine, newest first."""

    quarantine = fields.List(fields.Nested(HeldShown), metadata=INTERNAL)


@http.get(
    "/v1/quarantine",
    roles="operator",
    scope="quarantine:read",
    audit=lists("quarantine"),
    returns=QuarantineShown,
    summary="Bodies that could not be read as reports.",
)
def list_quarantine(ctx: Context, *, state: str = "waiting", source: str = "", limit: str = "100") -> dict[str, Any]:
    """List bodies, newest first; `?state=waiting|replayed|dismissed|expired|all`, `?source=` and `?limit=1..500`.

    Raises InvalidInput.
    """
    if state not in STATES:
        raise InvalidInput(f"state must be one of: {', '.join(STATES)}.", slug="invalid-query", status=400)
    most = limit_of(limit)
    of_source = {ACCOUNT: outsider_account("source", source)} if source else {}
    return show(QuarantineShown, {"quarantine": list(map(_answer, ctx.shelf.list(most, STATES[state], of_source)))})


@http.get(
    "/v1/quarantine/<quarantine_id>",
    roles="operator",
    scope="quarantine:read",
    audit=shows("quarantine.shown", "quarantine_id"),
    returns=HeldShown,
    summary="One of them, without what is in it.",
)
def show_held(ctx: Context, quarantine_id: str) -> dict[str, Any]:
    """Show why a body could not be read, and how often it was posted. Raises NotFound."""
    return show(HeldShown, _answer(ctx.shelf.find(quarantine_id)))


def source_of(found: dict[str, Any]) -> str:
    """Return the source whose account posted it: a routing key could name another."""
    return str(found["headers"].get(ORIGINAL_USER, "")).removeprefix(outsider_account("source", ""))


def _answer(found: dict[str, Any]) -> dict[str, Any]:
    left_out = [{"field": error["pointer"], "code": error["code"]} for error in found["errors"]]
    return found | {"source_id": source_of(found), "state": _NAMES[found["state"]], "left_out": left_out}
