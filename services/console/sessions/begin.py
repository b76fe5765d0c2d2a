"""Begin a session: by a password and a code, or by a passkey. Whatever was wrong, the caller learns no more than that."""

from __future__ import annotations

import re
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ngao.kernel.actors import Actor
from services.console.accounts.codes import hashed, totp_step
from services.console.accounts.model import Account
from services.console.sessions.model import Session
from services.console.sessions.proving import prove
from services.console.sessions.store import hash_of
from services.console.values import ACCOUNT

if TYPE_CHECKING:
    from services.console.context import ConsoleParts, Context


@dataclass(frozen=True)
class Typed:
    """What a person typed to sign in. `code` is one of the authenticator app, or a recovery code."""

    account_id: str
    password: str
    code: str


def sign_in_by_password(parts: ConsoleParts, typed: Typed, device: str) -> str | None:
    """Return the token of a new session for its cookie, or None. Raises Unavailable."""
    known = parts.read().accounts.get(typed.account_id) if re.fullmatch(ACCOUNT, typed.account_id) else None

    def work(ctx: Context, account: Account) -> str | None:
        return begin(ctx, account, "password", device) if _takes(ctx, account, typed.code) else None

    return prove(parts, known, typed.password, "sign_in.refused", work)


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
