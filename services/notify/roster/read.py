"""Show the roster to operators. Each look is audited, and addresses are masked."""

from __future__ import annotations

from typing import Any

from ngao.chassis.errors import NotFound
from ngao.chassis.handlers import Call, http, itself
from services.notify.context import Context, NotifyParts
from services.notify.roster.model import DUTY_OFFICER, Recipient
from services.notify.roster.responses import RosterEntryShown, RosterShown, roster_id, show_entry


@http.get(
    "/v1/roster/duty-officers/<officer_id>",
    roles="operator",
    scope="roster:read",
    audit=itself("roster.read"),
    returns=RosterEntryShown,
    summary="Show a person of the ladders, address masked.",
)
def show_duty_officer(parts: NotifyParts, officer_id: str, call: Call) -> dict[str, Any]:
    """Show one entry. The request is audited even if there is none. Raises NotFound, InvalidInput."""
    recipient = Recipient(DUTY_OFFICER, roster_id(officer_id))
    found = parts.run(lambda ctx: _read(ctx, recipient), call)
    if not found:
        raise NotFound("There is no such roster entry.")
    return found[0]


@http.get(
    "/v1/roster",
    roles="operator",
    scope="roster:read",
    audit=itself("roster.read"),
    returns=RosterShown,
)
def list_roster(ctx: Context) -> dict[str, Any]:
    """Show the whole roster, addresses masked."""
    return {"roster": _read(ctx)}


def _read(ctx: Context, only: Recipient | None = None) -> list[dict[str, Any]]:
    ctx.audit("roster.read", subject=str(only) if only else "all:all")
    return [show_entry(contact, address) for contact, address in ctx.roster.listed() if only in {None, contact.recipient}]
