"""Show the accounts of staff."""

from __future__ import annotations

from typing import Any

from ngao.chassis.handlers import http, nothing
from services.console.accounts.responses import AccountsShown, show_account
from services.console.context import Context


@http.get(
    "/v1/accounts", roles="operator", scope="staff:read", returns=AccountsShown,
    audit=nothing("Names of staff, roles and states: the same as in every audit entry."),
)  # fmt: skip
def list_accounts(ctx: Context) -> dict[str, Any]:
    """List the accounts of staff, with their roles, and whether they are set up."""
    return {"accounts": [show_account(each) for each in ctx.accounts.all()]}
