"""The page of a case, and its acts: confirm that it was seen, take it over, find a partner again, close a need."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from flask import abort

from services.console.board.model import row_of, unseen_alarms
from services.console.pages.declaring import page
from services.console.pages.desk import Desk

_NEED = re.compile(r"[a-z][a-z0-9_]{1,63}")
_SETTLED_BECAUSE = ("met", "gone", "declined_by_person")
REASON = "case_work"


@page("/c/<case:case_ref>", scope="cases:read")
def show_case(desk: Desk, case_ref: str) -> Any:
    """Show a case. The reasons of its urgency come from intake, its alarms from notify: what is missing is named."""
    case = desk.known("referral", f"/v1/cases/{case_ref}", "cases:read")
    report = desk.part("intake", f"/v1/cases/{case_ref}/report?reason={REASON}", "reports:read")
    messages = desk.part("notify", f"/v1/messages?case_ref={case_ref}&limit=100", "messages:read")
    alarms = unseen_alarms(messages.body.get("messages", ())).get(case_ref, []) if messages else []
    missing = sorted({each.service for each in (report, messages) if each is not None and each.is_missing})
    return desk.show(
        "case.html", case=case, row=row_of(case, alarms), report=report.body if report and report.is_good else None,
        missing=missing, reasons=_SETTLED_BECAUSE,
    )  # fmt: skip


@page("/c/<case:case_ref>/story", scope="cases:read")
def show_story(desk: Desk, case_ref: str) -> Any:
    """Show every step of a case, the newest first, and the offers with the reasons of the choice."""
    return desk.show("story.html", case=desk.known("referral", f"/v1/cases/{case_ref}", "cases:read"))


@page("/c/<case:case_ref>/seen", methods=("POST",), scope="messages:write")
def confirm_seen(desk: Desk, case_ref: str) -> Any:
    """Confirm every alarm of the case, so that no one else is woken for it."""
    listed = desk.ask("notify", "GET", f"/v1/messages?case_ref={case_ref}&limit=100", "messages:read")
    answers = [
        desk.ask("notify", "POST", f"/v1/messages/{quote(each)}/acknowledge", "messages:write")
        for each in unseen_alarms(listed.body.get("messages", ())).get(case_ref, [])
    ]
    return desk.done(f"/c/{case_ref}", listed, *answers)


@page("/c/<case:case_ref>/owner", methods=("POST",), scope="cases:write")
def take_over(desk: Desk, case_ref: str) -> Any:
    """Become the owner of a case, if its owner is still the one who was shown."""
    body = {"owner": desk.person.account.id, "seen_owner": desk.typed.get("seen_owner") or None}
    return desk.done(f"/c/{case_ref}", desk.ask("referral", "POST", f"/v1/cases/{case_ref}/owner", "cases:write", body))


@page("/c/<case:case_ref>/match", methods=("POST",), scope="cases:write")
def match_again(desk: Desk, case_ref: str) -> Any:
    """Let referral look for a partner again."""
    return desk.done(f"/c/{case_ref}", desk.ask("referral", "POST", f"/v1/cases/{case_ref}/match", "cases:write", {}))


@page("/c/<case:case_ref>/settle", methods=("POST",), scope="cases:write")
def settle(desk: Desk, case_ref: str) -> Any:
    """Close a need, with a coded reason."""
    need, reason = desk.typed.get("need", ""), desk.typed.get("reason", "")
    if not _NEED.fullmatch(need) or reason not in _SETTLED_BECAUSE:
        abort(404)
    path = f"/v1/cases/{case_ref}/needs/{need}/settle"
    return desk.done(f"/c/{case_ref}", desk.ask("referral", "POST", path, "cases:write", {"reason": reason}))
