"""Begin a session: by a password and a code, or by a passkey. Whatever was wrong, the caller learns no more than that."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ngao.kernel.actors import Actor
from services.console.accounts.codes import hashed, totp_step
from services.console.accounts.model import Account
from services.console.accounts.passwords import LONGEST, is_right
from services.console.sessions.model import Session
from services.console.sessions.store import hash_of
from services.console.values import ACCOUNT

if TYPE_CHECKING:
    from services.console.context import ConsoleParts, Context

_DOOR = Actor.system("sign-in")


@dataclass(frozen=True)
class Typed:
    """What a person typed to sign in. `code` is one of the authenticator app, or a recovery code."""

    account_id: str
    password: str
    code: str


def sign_in_by_password(parts: ConsoleParts, typed: Typed, device: str) -> str | None:
    """Return the token of a new session for its cookie, or None. Raises Unavailable.

    An unknown account costs the same time. The password is compared outside of the unit of work, which may be repeated.
    """
    now, known = parts.clock.now(), None
    if re.fullmatch(ACCOUNT, typed.account_id) and len(typed.password) <= LONGEST:
        known = parts.read().accounts.get(typed.account_id)
    may_try = known is not None and known.is_open and not known.has_to_wait(now)
    right = is_right(typed.password, known.password_hash if known and may_try else None)
    if known is None or not may_try:
        return None
    return parts.run(lambda ctx: _decide(ctx, typed, known.password_hash if right else None, device))


def _decide(ctx: Context, typed: Typed, proved_hash: str | None, device: str) -> str | None:
    account = ctx.accounts.get(typed.account_id)
    if account is None or not account.is_open or account.has_to_wait(ctx.now):
        return None
    if proved_hash is None or account.password_hash != proved_hash or not _takes(ctx, account, typed.code):
        account.failed(ctx.now)
        ctx.accounts.save(account)
        ctx.audit("sign_in.refused", subject=account.id, actor=_DOOR, detail={"failures": str(account.failures)})
        return None
    return begin(ctx, account, "password", device)


def _takes(ctx: Context, account: Account, code: str) -> bool:
    secret = ctx.accounts.totp_secret(account)
    step = totp_step(secret, code, ctx.now) if secret else None
    return account.accepts_step(step) if step is not None else account.accepts_recovery(hashed(code))


def begin(ctx: Context, account: Account, method: str, device: str) -> str:
    """Store a new session of an account that proved itself; returns the token for its cookie."""
    account.signed_in()
    ctx.accounts.save(account)
    token = secrets.token_urlsafe(32)
    ctx.sessions.save(Session(hash_of(token), account.id, ctx.now, ctx.now, method, device))
    ctx.audit("session.began", subject=account.id, actor=Actor.operator(account.id), detail={"method": method, "device": device})
    return token
