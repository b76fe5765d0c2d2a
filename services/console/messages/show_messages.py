"""The pages of messages, and the way from a message to its case."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

from flask import abort
from flask_babel import lazy_gettext as _l

from services.console.messages.model import FILTERED, STATES, leads_to
from services.console.pages.declaring import page
from services.console.pages.desk import Desk
from services.console.pages.everywhere import ask_one, silent
from services.console.pages.keeping import keep_link
from services.console.values import CASE

_MOST = 200
_REFERENCE = "[0-9A-F]{4}-[0-9A-F]{4}"


@page("/messages", scope="messages:read", group="machinery", title=_l("Messages"))
def show_messages(desk: Desk) -> Any:
    """Show the newest messages, of one state, one case or one reference if the address says so."""
    chosen = desk.chosen(_fits)
    query = {"case_ref" if name == "case" else name: value for name, value in chosen.items()}
    found = ask_one(desk, "notify", f"/v1/messages?{urlencode({**query, 'limit': _MOST})}", "messages:read")
    messages = found["notify"].body.get("messages", ())
    return desk.show("messages.html", messages=messages, chosen=chosen, states=FILTERED, missing=silent(found))


@page("/messages/<id:message_id>", scope="messages:read")
def show_one_message(desk: Desk, message_id: str) -> Any:
    """Show one message with every try, never its address or its text."""
    return desk.show("message.html", message=desk.known("notify", f"/v1/messages/{message_id}", "messages:read"))


@page("/m/<id:reference>", anyone=True)
def follow_message(desk: Desk, reference: str) -> Any:
    """Lead from the reference in a message to its case. An unknown one, and one that the person may not see, lead nowhere.

    A person who first has to sign in or to unlock comes here afterwards; until then nothing is said of the message.
    """
    reference = reference.upper()
    if desk.signed_in is None or desk.is_locked:
        if re.fullmatch(_REFERENCE, reference):
            keep_link(desk.parts, reference)
        return desk.go("/unlock" if desk.is_locked else "/sign-in")
    if not desk.may("messages:read") or not re.fullmatch(_REFERENCE, reference):
        abort(404)
    found = desk.known("notify", f"/v1/messages?reference={reference}", "messages:read")
    to = leads_to(found["messages"], reference)
    if to is None or (to.startswith("/c/") and not _may_open(desk, to.removeprefix("/c/"))):
        abort(404)
    return desk.go(to)


def _may_open(desk: Desk, case_ref: str) -> bool:
    """Return True if the page of the case opens for this person, or will once referral answers again."""
    case = desk.part("referral", f"/v1/cases/{case_ref}", "cases:read")
    return case is not None and (case.is_good or case.is_missing)


def _fits(name: str, value: str) -> bool:
    patterns = {"reference": _REFERENCE, "case": CASE}
    return value in STATES if name == "state" else name in patterns and re.fullmatch(patterns[name], value) is not None
