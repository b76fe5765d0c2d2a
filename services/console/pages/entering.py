"""How a person enters who has just proved who she is, in whatever way."""

from __future__ import annotations

from services.console.pages.desk import Desk
from services.console.pages.keeping import next_address
from services.console.sessions.end import end_session
from services.console.sessions.read import who_is


def enter(desk: Desk, token: str) -> str:
    """Replace the session that the browser had by the one of this token; return where the person goes now. Raises Unavailable."""
    before, signed_in = desk.signed_in, who_is(desk.parts, token)
    if before is not None:
        desk.parts.run(lambda ctx: end_session(ctx, before.account.id, before.session.id))
    if signed_in is None:
        return "/sign-in"
    desk.enter(token, signed_in.account.id, signed_in.account.language)
    return next_address(desk.parts)
