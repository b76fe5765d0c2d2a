"""The pages between the console and the organisation's sign-in service.

The browser leaves by a link and comes back to a page with one button. A cookie that is `SameSite=Strict` is not sent with the way
back from another site, so that the state is compared when the button is pressed.
"""

from __future__ import annotations

from typing import Any

from flask import abort, request, session
from flask_babel import lazy_gettext as _l

from services.console.organisation.client import Organisation
from services.console.organisation.identify import accept_by_organisation, sign_in_by_organisation
from services.console.pages.declaring import page
from services.console.pages.desk import Desk
from services.console.pages.entering import enter

_BACK = "/sign-in/organisation/back"
_INVITATION = "invitation"
_LONGEST = 4096
NOT_SIGNED_IN = _l("Your organisation's account does not sign you in here. Ask for an invitation, or use another way.")


@page("/sign-in/organisation", methods=("POST",), anyone=True)
def leave_for_organisation(desk: Desk) -> Any:
    """Show the way to the organisation. With the code of an invitation, coming back sets the account up."""
    known = _known(desk)
    address = known.address(desk.parts.site.origin + _BACK)
    code = desk.typed.get(_INVITATION, "")
    if code:
        session[_INVITATION] = code[:100]
    else:
        session.pop(_INVITATION, None)
    return desk.show("organisation.html", address=address, host=known.host)


@page(_BACK, anyone=True)
def back_from_organisation(desk: Desk) -> Any:
    """Take what the organisation sends, and let the person press the button that uses it. Nothing is compared here."""
    _known(desk)
    code, state = request.args.get("code", ""), request.args.get("state", "")
    if not code or not state or len(code) + len(state) > _LONGEST:
        return desk.show("sign_in.html", 403, wrong=NOT_SIGNED_IN)
    return desk.show("organisation_back.html", code=code, state=state)


@page(_BACK, methods=("POST",), anyone=True, has_own_proof=True)
def signed_in_at_organisation(desk: Desk) -> Any:
    """Sign in, or set the account up, if the state is this browser's and the organisation confirms the code."""
    known, code = _known(desk), session.pop(_INVITATION, "")
    subject = known.subject()
    token = None
    if subject is not None and code:
        token = accept_by_organisation(desk.parts, code, subject, desk.device)
    elif subject is not None:
        token = sign_in_by_organisation(desk.parts, subject, desk.device)
    return desk.show("sign_in.html", 403, wrong=NOT_SIGNED_IN) if token is None else desk.go(enter(desk, token))


def _known(desk: Desk) -> Organisation:
    """Return the organisation; where there is none, the page does not exist."""
    return desk.parts.organisation or abort(404)
