"""Find who is signed in, and the devices of an account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from services.console.accounts.model import Account
from services.console.sessions.model import Session
from services.console.sessions.store import hash_of

if TYPE_CHECKING:
    from services.console.context import ConsoleParts, Context


@dataclass(frozen=True)
class SignedIn:
    """A person who is signed in, and by which session."""

    account: Account
    session: Session


def who_is(parts: ConsoleParts, token: str | None, *, is_active: bool = True) -> SignedIn | None:
    """Return who is signed in by a cookie's token, and note that they are active if they are. Raises Unavailable."""
    if not token:
        return None
    ctx = parts.read()
    session = ctx.sessions.get(hash_of(token))
    if session is None or not session.is_alive(ctx.now):
        return None
    account = ctx.accounts.get(session.account_id)
    if account is None or not account.is_open:
        return None
    if is_active and session.is_seen(ctx.now):
        parts.run(lambda unit: _note(unit, session.id))
    return SignedIn(account, session)


def _note(ctx: Context, session_id: str) -> None:
    session = ctx.sessions.get(session_id)
    if session is not None and session.is_seen(ctx.now):
        ctx.sessions.save(session)
