"""Keeps a form whose session has ended, or whose page was too old, until the same person has signed in again (ADR 0059).

The link of a message that was followed before the sign-in is kept as well.

The browser's cookie has the key and the keyed hash of the account; the store has the ciphertext. Neither opens it alone.
"""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode
from contextlib import suppress
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from flask import Response, current_app, g, request, session
from werkzeug.exceptions import HTTPException

from ngao.chassis.errors import Unavailable
from services.console.kept.closing import new_key
from services.console.kept.keep import forget_form, keep_form, kept_forms
from services.console.kept.model import KEPT_FOR, Written, written
from services.console.pages.declaring import Page

if TYPE_CHECKING:
    from services.console.context import ConsoleParts

WHOSE, KEY, BACK, LINK = "whose", "kept", "back", "link"
KEPT = "_kept"
"""The field of a form that was kept: its id, so that it is forgotten once it is sent."""
_FORM = "application/x-www-form-urlencoded"
_LONGEST_ADDRESS, _MOST_DRAFTS = 300, 5


def whose(parts: ConsoleParts, account_id: str) -> str:
    """Return whose browser this is, for its cookie: no name can be read from it."""
    return parts.chassis.keyring.lookup_hash("kept", account_id)


def keep_sent(parts: ConsoleParts) -> bool:
    """Keep the form of this request. Returns False if there is none, or no account to keep it for."""
    sent = _page_at(request.path, "POST")
    if sent is None or request.mimetype != _FORM or WHOSE not in session:
        return False
    _keep(parts, written(request.path, request.form.items(multi=True)))
    return True


def keep_drafts(parts: ConsoleParts) -> None:
    """Keep what was half typed on a page whose script locks the screen, and the address to return to."""
    if WHOSE not in session:
        return
    at = request.form.get("back", "")
    path = at.partition("?")[0]
    is_page = len(at) <= _LONGEST_ADDRESS and at.isascii() and at.isprintable() and not at.startswith("//")
    if is_page and _page_at(path, "GET") is not None:
        session[BACK] = at
    else:
        path = ""
    for each in _drafts(path, request.form.get("drafts", "")):
        if _page_at(each.action, "POST") is not None:
            _keep(parts, each)


def kept_here(parts: ConsoleParts, of: str) -> list[tuple[str, Written]]:
    """Return what this browser has kept for an account; the key is forgotten with the last of them."""
    if KEY not in session:
        return []
    found = kept_forms(parts, session[KEY], of)
    if not found:
        session.pop(KEY)
    return found


def drafts(parts: ConsoleParts) -> list[str]:
    """Return what was half typed on this page, for its script to fill in again."""
    desk = g.get("desk")
    if desk is None or KEY not in session:
        return []
    return [
        json.dumps({"id": form_id, "action": each.action, "fields": each.fields})
        for form_id, each in kept_here(parts, desk.whose)
        if each.page == request.path
    ]


def queue_key(parts: ConsoleParts) -> str:
    """Return the key under which the script keeps acts that the network did not take: another one for each account."""
    known = parts.chassis.keyring.lookup_hash("queue", g.desk.person.account.id)
    return urlsafe_b64encode(sha256(known.encode()).digest()).decode()


def keep_link(parts: ConsoleParts, reference: str) -> None:
    """Keep the reference of a message whose link was followed, in the cookie of the browser in which a person signs in soon.

    It is no address, so that nothing else can be put in its place; the services check what that person may see.
    """
    session[LINK] = [reference, (parts.clock.now() + KEPT_FOR).isoformat()]


def next_address(parts: ConsoleParts) -> str:
    """Return where a person goes who has signed in or unlocked: to what was not sent, else by a link, else to where she was."""
    back, (reference, until) = str(session.pop(BACK, "/")), session.pop(LINK, ("", ""))
    if any(not each.is_draft for _, each in kept_here(parts, session.get(WHOSE, ""))):
        return "/kept"
    return f"/m/{reference}" if reference and parts.clock.now() < datetime.fromisoformat(until) else back


def forget_sent(parts: ConsoleParts, response: Response) -> None:
    """Forget a kept form that has been sent now."""
    if request.method == "POST" and g.get("has_run") and response.status_code < 400 and (form_id := request.form.get(KEPT)):
        with suppress(Unavailable):  # it is sent, and kept no longer than a quarter of an hour
            forget_form(parts, session.get(WHOSE, ""), form_id)


def _keep(parts: ConsoleParts, what: Written) -> None:
    if KEY not in session:
        session[KEY] = new_key()
    keep_form(parts, session[KEY], session[WHOSE], what)


def _page_at(path: str, method: str) -> Page | None:
    """Return the page of staff at a path; None for one that anyone may open, such as the sign-in."""
    try:
        endpoint, _ = current_app.url_map.bind("desk.invalid").match(path, method)
    except HTTPException:
        return None
    found: Page | None = current_app.extensions["pages"].get(endpoint)
    return found if found and not found.anyone else None


def _drafts(page: str, given: str) -> list[Written]:
    try:
        read: Any = json.loads(given or "[]")
        return [written(str(each["action"]), each["fields"], page) for each in read[:_MOST_DRAFTS]]
    except (ValueError, TypeError, KeyError, RecursionError):
        return []
