"""The page of a locked screen. A script locks it when nothing is done or the page is hidden, as does a button of `/me`."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from services.console.pages.declaring import page
from services.console.pages.desk import Desk
from services.console.pages.keeping import keep_drafts, next_address
from services.console.sessions.locking import lock_session, unlock_session

_WRONG = _l("The password is wrong. Try again.")


@page("/lock", methods=("POST",), anyone=True)
def lock(desk: Desk) -> Any:
    """Lock the screen. What was half typed is kept, also if the session has ended meanwhile."""
    keep_drafts(desk.parts)
    if desk.signed_in is not None:
        lock_session(desk.parts, desk.signed_in.session.id)
    return desk.go("/unlock")


@page("/unlock", anyone=True)
def unlock(desk: Desk) -> Any:
    """Ask who is there."""
    if desk.is_locked:
        return desk.show("unlock.html", account=desk.person.account)
    return desk.go(next_address(desk.parts) if desk.signed_in else "/sign-in")


@page("/unlock", methods=("POST",), anyone=True)
def unlock_typed(desk: Desk) -> Any:
    """Unlock by the password."""
    if not desk.is_locked:
        return desk.go("/unlock")
    if not unlock_session(desk.parts, desk.person, desk.typed.get("password", "")):
        return desk.show("unlock.html", 403, account=desk.person.account, wrong=_WRONG)
    return desk.go(next_address(desk.parts))
