"""Lock a session, and unlock it by the password. By a passkey, a person signs in again, and the locked session ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ngao.kernel.actors import Actor
from services.console.accounts.passwords import LONGEST, is_right
from services.console.sessions.read import SignedIn

if TYPE_CHECKING:
    from services.console.context import ConsoleParts, Context

_DOOR = Actor.system("sign-in")


def lock_session(parts: ConsoleParts, session_id: str) -> None:
    """Lock a session, so that no page of it is shown. Raises Unavailable."""

    def work(ctx: Context) -> None:
        session = ctx.sessions.get(session_id)
        if session is not None and not session.is_locked:
            session.lock(ctx.now)
            ctx.sessions.save(session)

    parts.run(work)


def unlock_session(parts: ConsoleParts, signed_in: SignedIn, password: str) -> bool:
    """Unlock a session by the password of its account. A wrong one is a failure of the account, as at the sign-in.

    The code of the app is not asked for: the session was begun with it on this device.
    """
    account, now = signed_in.account, parts.clock.now()
    may_try = account.is_open and not account.has_to_wait(now) and len(password) <= LONGEST
    right = is_right(password, account.password_hash if may_try else None)
    if not may_try:
        return False
    proved = account.password_hash if right else None
    return parts.run(lambda ctx: _decide(ctx, signed_in, proved))


def _decide(ctx: Context, signed_in: SignedIn, proved_hash: str | None) -> bool:
    account, session = ctx.accounts.existing(signed_in.account.id), ctx.sessions.get(signed_in.session.id)
    if session is None or not account.is_open or account.has_to_wait(ctx.now):
        return False
    if proved_hash is None or account.password_hash != proved_hash:
        account.failed(ctx.now)
        ctx.accounts.save(account)
        ctx.audit("unlock.refused", subject=account.id, actor=_DOOR, detail={"failures": str(account.failures)})
        return False
    account.signed_in()
    session.unlock(ctx.now)
    ctx.accounts.save(account)
    ctx.sessions.save(session)
    ctx.audit("session.unlocked", subject=account.id, actor=Actor.operator(account.id))
    return True
