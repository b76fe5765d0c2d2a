"""Show the accounts of staff."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Any

from ngao.chassis.handlers import http, nothing
from services.console.accounts.responses import AccountsShown, show_account
from services.console.context import Context


@http.get(
    "/v1/accounts", roles="operator", scope="staff:read", returns=AccountsShown,
    audit=nothing("Names of staff, roles and states: the same as in every audit entry."),
)  # fmt: skip
def list_accounts(ctx: Context) -> dict[str, Any]:
    """List the accounts of staff, with their roles, whether they are set up, and on how many devices they are signed in."""
    active: defaultdict[str, list[datetime]] = defaultdict(list)
    for session in ctx.sessions.alive(ctx.now):
        active[session.account_id].append(session.seen_at)
    shown = [(each, active[each.id]) for each in ctx.accounts.all()]
    return {"accounts": [show_account(each, sessions=len(seen), seen_at=max(seen, default=None)) for each, seen in shown]}
