"""Invite a person, change what they may do, let them set the account up again, and close it."""

from __future__ import annotations

from typing import Any

from ngao.chassis.errors import NotAllowedNow
from ngao.chassis.handlers import Response, always, http, itself
from ngao.chassis.http.reasons import Reasoned
from services.console.accounts.codes import hashed, new_invitation_code
from services.console.accounts.granting import check_granted
from services.console.accounts.model import Account, State
from services.console.accounts.responses import AccountShown, Granted, Invited, show_account
from services.console.context import Context
from services.console.sessions.end import end_all


@http.post(
    "/v1/accounts", roles="operator", scope="staff:write", audit=itself("account.invited"), request=Invited,
    returns={201: AccountShown}, two_person=always,
)  # fmt: skip
def invite_person(ctx: Context, body: dict[str, Any]) -> Response:
    """Invite a person who works with the platform, or for one of its partners.

    The code in the answer, and nowhere else, sets the account up within 48 hours. Raises InvalidInput, NotAllowedNow.
    """
    if ctx.accounts.get(body["id"]) is not None:
        raise NotAllowedNow("There is an account of this name. A name is never given to another person.", slug="account-exists")
    check_granted(body["roles"], body["hubs"], ctx.roles, ctx.counties, body["partner"])
    account = Account(body["id"], ctx.now, tuple(body["roles"]), tuple(body["hubs"]), body["partner"], body["language"])
    return Response(201, _invited(ctx, account, "account.invited"))


@http.post(
    "/v1/accounts/<account_id>/invitation", roles="operator", scope="staff:write", audit=itself("account.invited_again"),
    returns=AccountShown, two_person=always,
)  # fmt: skip
def invite_again(ctx: Context, account_id: str) -> dict[str, Any]:
    """Let a person set the account up again, because phone or password is lost.

    Whatever signed in before does not any more, and all sessions end. Raises NotFound.
    """
    account = ctx.accounts.existing(account_id)
    ctx.accounts.forget_totp(account)
    end_all(ctx, account.id)
    return _invited(ctx, account, "account.invited_again")


@http.put(
    "/v1/accounts/<account_id>/roles", roles="operator", scope="staff:write", audit=itself("account.roles_changed"),
    request=Granted, returns=AccountShown, two_person=always,
)  # fmt: skip
def change_roles(ctx: Context, account_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Change what a person may do. It is valid from the next page.

    A person of a partner stays one. Raises NotFound, InvalidInput.
    """
    account = ctx.accounts.existing(account_id)
    check_granted(body["roles"], body["hubs"], ctx.roles, ctx.counties, account.partner)
    account.roles, account.hubs = tuple(body["roles"]), tuple(body["hubs"])
    ctx.accounts.save(account)
    ctx.audit("account.roles_changed", subject=account.id, detail=_granted(account))
    return show_account(account)


@http.post(
    "/v1/accounts/<account_id>/close", roles="operator", scope="staff:write", audit=itself("account.closed"), request=Reasoned,
    returns=AccountShown,
)  # fmt: skip
def close_account(ctx: Context, account_id: str, body: dict[str, str]) -> dict[str, Any]:
    """Let a person sign in no more, and end all sessions.

    One operator suffices, because it only protects. Raises NotFound, NotAllowedNow.
    """
    account = ctx.accounts.existing(account_id)
    if account.state is State.CLOSED:
        raise NotAllowedNow("This account is closed.", slug="account-closed")
    ctx.accounts.forget_totp(account)
    account.close()
    ctx.accounts.save(account)
    ended = end_all(ctx, account.id)
    ctx.audit("account.closed", subject=account.id, detail={"reason": body["reason"], "sessions": str(ended)})
    return show_account(account)


def _invited(ctx: Context, account: Account, action: str) -> dict[str, Any]:
    code = new_invitation_code()
    account.invite(hashed(code), ctx.now)
    ctx.accounts.save(account)
    detail = _granted(account) | ({"partner": account.partner} if account.partner else {})
    ctx.audit(action, subject=account.id, detail=detail)
    return show_account(account, code=code)


def _granted(account: Account) -> dict[str, str]:
    return {"roles": ",".join(account.roles), "hubs": ",".join(account.hubs)}
