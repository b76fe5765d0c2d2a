"""The acts on a case: confirm it, own it or hand it over, find a partner again, close a need, decide its urgency."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from flask import abort
from flask_babel import lazy_gettext as _l

from services.console.board.model import URGENCIES, messages_of, unseen_alarms
from services.console.case.model import is_settling
from services.console.handover.takers import takers
from services.console.pages.declaring import page
from services.console.pages.desk import Desk
from services.console.values import ACCOUNT

_NO_TAKER = _l("This person cannot take the case now. Choose another one.")


@page("/c/<case:case_ref>/seen", methods=("POST",), scope="messages:write")
def confirm_seen(desk: Desk, case_ref: str) -> Any:
    """Confirm every alarm of the case, so that no one else is woken for it."""
    listed = desk.ask("notify", "GET", messages_of(case_ref), "messages:read")
    answers = [
        desk.ask("notify", "POST", f"/v1/messages/{quote(each)}/acknowledge", "messages:write")
        for each in unseen_alarms(listed.body.get("messages", ())).get(case_ref, [])
    ]
    return desk.done(f"/c/{case_ref}", listed, *answers)


@page("/c/<case:case_ref>/owner", methods=("POST",), scope="cases:write")
def own_case(desk: Desk, case_ref: str) -> Any:
    """Become the owner of a case, or make another person it, if the owner is still the one who was shown.

    Referral knows no accounts: it takes any name. So a person whose account is closed meanwhile is refused here.
    """
    me = desk.person.account.id
    owner = desk.typed.get("owner") or me
    if not re.fullmatch(ACCOUNT, owner):
        abort(404)
    if owner != me and not _may_take(desk, case_ref, owner):
        return desk.show("not_done.html", 409, back=f"/c/{case_ref}", why=_NO_TAKER)
    body = {"owner": owner, "seen_owner": desk.typed.get("seen_owner") or None}
    answer = desk.ask("referral", "POST", f"/v1/cases/{case_ref}/owner", "cases:write", body)
    if answer.slug != "owner-changed":
        return desk.done(f"/c/{case_ref}", answer)
    case = desk.ask("referral", "GET", f"/v1/cases/{case_ref}", "cases:read").body
    return desk.changed(f"/c/{case_ref}", answer, case.get("owner") or "", case.get("owned_since"))


def _may_take(desk: Desk, case_ref: str, owner: str) -> bool:
    """Return True if a case can be handed over to this person now."""
    county = desk.known("referral", f"/v1/cases/{case_ref}", "cases:read")["county"]
    return any(each.id == owner and each.may_take(county) for each in takers(desk))


@page("/c/<case:case_ref>/match", methods=("POST",), scope="cases:write")
def match_again(desk: Desk, case_ref: str) -> Any:
    """Let referral look for a partner again."""
    return desk.done(f"/c/{case_ref}", desk.ask("referral", "POST", f"/v1/cases/{case_ref}/match", "cases:write", {}))


@page("/c/<case:case_ref>/settle", methods=("POST",), scope="cases:write")
def settle(desk: Desk, case_ref: str) -> Any:
    """Close a need, with a coded reason."""
    if not is_settling(desk.typed):
        abort(404)
    path = f"/v1/cases/{case_ref}/needs/{desk.typed['need']}/settle"
    return desk.done(f"/c/{case_ref}", desk.ask("referral", "POST", path, "cases:write", {"reason": desk.typed["reason"]}))


@page("/c/<case:case_ref>/urgency", methods=("POST",), scope="cases:write")
def decide_urgency(desk: Desk, case_ref: str) -> Any:
    """Decide how urgent a case is, with a coded reason of policy. It holds until something new is known."""
    reasons = desk.parts.policy.decision_reasons
    body = {"urgency": desk.choice("urgency", URGENCIES), "reason": desk.choice("reason", reasons)}
    return desk.done(f"/c/{case_ref}", desk.ask("intake", "POST", f"/v1/cases/{case_ref}/urgency", "cases:write", body))
