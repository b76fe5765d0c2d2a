"""The pages of the quarantine: forms that may be calls for help, and that no profile could read."""

from __future__ import annotations

import re
from typing import Any

from flask_babel import lazy_gettext as _l

from services.console.pages.declaring import page
from services.console.pages.desk import Desk
from services.console.pages.everywhere import ask_one, silent
from services.console.values import ACCOUNT

_MOST = 500
RELEASED_BECAUSE = ("profile_fixed", "try_again")
DISMISSED_BECAUSE = ("a_test", "of_no_use", "reported_otherwise")
"""What the audit keeps as the reason; a list, so that no one types a name into it."""


@page("/quarantine", scope="quarantine:read", group="machinery", title=_l("Not readable"))
def show_quarantine(desk: Desk) -> Any:
    """Show the forms that wait, the oldest first; of one source, where the address names it."""
    source = desk.chosen(_fits).get("source", "")
    chosen = f"&source={source}" if source else ""
    found = ask_one(desk, "intake", f"/v1/quarantine?limit={_MOST}{chosen}", "quarantine:read")
    held = reversed(found["intake"].body.get("quarantine", ()))
    return desk.show("quarantine.html", held=list(held), source=source, missing=silent(found))


@page("/quarantine/<id:quarantine_id>", scope="quarantine:read")
def show_held_form(desk: Desk, quarantine_id: str) -> Any:
    """Show why a form could not be read, without what is in it, and what a person may decide."""
    held = desk.known("intake", f"/v1/quarantine/{quarantine_id}", "quarantine:read")
    return desk.show("held_form.html", held=held, released=RELEASED_BECAUSE, dismissed=DISMISSED_BECAUSE)


@page("/quarantine/<id:quarantine_id>/replay", methods=("POST",), scope="quarantine:write")
def release_form(desk: Desk, quarantine_id: str) -> Any:
    """Let the profile as it is now read the form again, and go to the case that it becomes."""
    path = f"/v1/quarantine/{quarantine_id}/replay"
    done = desk.ask("intake", "POST", path, "quarantine:write", {"reason": desk.choice("reason", RELEASED_BECAUSE)})
    case = done.body.get("case_ref") if done.is_good and desk.may("cases:read") else None
    return desk.show("released.html", case=case) if done.is_good else desk.done(f"/quarantine/{quarantine_id}", done)


@page("/quarantine/<id:quarantine_id>/dismiss", methods=("POST",), scope="quarantine:write")
def dismiss_form(desk: Desk, quarantine_id: str) -> Any:
    """Ask that a form is destroyed; where two people are needed, another one must approve."""
    path = f"/v1/quarantine/{quarantine_id}/dismiss"
    body = {"reason": desk.choice("reason", DISMISSED_BECAUSE)}
    return desk.done("/quarantine", desk.ask("intake", "POST", path, "quarantine:write", body))


def _fits(name: str, value: str) -> bool:
    return name == "source" and (not value or re.fullmatch(ACCOUNT, value) is not None)
