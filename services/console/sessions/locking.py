"""Lock a session, and unlock it by the password. By a passkey, a person signs in again, and the locked session ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ngao.kernel.actors import Actor
from services.console.accounts.model import Account
from services.console.sessions.proving import prove
from services.console.sessions.read import SignedIn

if TYPE_CHECKING:
    from services.console.context import ConsoleParts, Context


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

    def work(ctx: Context, account: Account) -> bool:
        session = ctx.sessions.get(signed_in.session.id)
        if session is None:
            return False
        account.signed_in()
        session.unlock(ctx.now)
        ctx.accounts.save(account)
        ctx.sessions.save(session)
        ctx.audit("session.unlocked", subject=account.id, actor=Actor.operator(account.id))
        return True

    return prove(parts, signed_in.account, password, "unlock.refused", work) or False
