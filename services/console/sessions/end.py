"""End sessions: one by the person, or all of an account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ngao.kernel.actors import Actor

if TYPE_CHECKING:
    from services.console.context import Context


def end_session(ctx: Context, account_id: str, session_id: str) -> bool:
    """End one session of an account. Returns False if it has none of this id."""
    session = ctx.sessions.get(session_id)
    if session is None or session.account_id != account_id:
        return False
    ctx.sessions.end(session)
    ctx.audit("session.ended", subject=account_id, actor=Actor.operator(account_id))
    return True


def end_all(ctx: Context, account_id: str, *, but: str = "") -> int:
    """End all sessions of an account but one; returns how many. The caller audits why."""
    ended = [each for each in ctx.sessions.of(account_id) if each.id != but]
    for session in ended:
        ctx.sessions.end(session)
    return len(ended)
