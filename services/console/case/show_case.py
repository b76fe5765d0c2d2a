"""The page of a case, and its acts: confirm that it was seen, take it over, find a partner again, close a need."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from flask import abort

from services.console.board.model import row_of, unseen_alarms
from services.console.pages.declaring import page
from services.console.pages.desk import Desk
from services.console.pages.peers import Answer

_CASE = re.compile(r"[A-Za-z0-9-]{4,40}")
_NEED = re.compile(r"[a-z][a-z0-9_]{1,63}")
_SETTLED_BECAUSE = ("met", "gone", "declined_by_person")
REASON = "case_work"


@page("/c/<case_ref>", scope="cases:read")
def show_case(desk: Desk, case_ref: str) -> Any:
    """Show a case. The reasons of its urgency come from intake, its alarms from notify: what is missing is named."""
    case = _known(desk, case_ref)
    report = _part(desk, "intake", f"/v1/cases/{case_ref}/report?reason={REASON}", "reports:read")
    messages = _part(desk, "notify", f"/v1/messages?case_ref={quote(case_ref)}&limit=100", "messages:read")
    alarms = unseen_alarms(messages.body.get("messages", ())).get(case_ref, []) if messages else []
    missing = sorted({each.service for each in (report, messages) if each is not None and each.is_missing})
    return desk.show(
        "case.html", case=case, row=row_of(case, alarms), report=report.body if report and report.is_good else None,
        missing=missing, reasons=_SETTLED_BECAUSE,
    )  # fmt: skip


@page("/c/<case_ref>/story", scope="cases:read")
def show_story(desk: Desk, case_ref: str) -> Any:
    """Show every step of a case, the newest first, and the offers with the reasons of the choice."""
    return desk.show("story.html", case=_known(desk, case_ref))


@page("/c/<case_ref>/seen", methods=("POST",), scope="messages:write")
def confirm_seen(desk: Desk, case_ref: str) -> Any:
    """Confirm every alarm of the case, so that no one else is woken for it."""
    _check(case_ref)
    listed = desk.ask("notify", "GET", f"/v1/messages?case_ref={quote(case_ref)}&limit=100", "messages:read")
    answers = [
        desk.ask("notify", "POST", f"/v1/messages/{quote(each)}/acknowledge", "messages:write")
        for each in unseen_alarms(listed.body.get("messages", ())).get(case_ref, [])
    ]
    return _done(desk, case_ref, listed, *answers)


@page("/c/<case_ref>/owner", methods=("POST",), scope="cases:write")
def take_over(desk: Desk, case_ref: str) -> Any:
    """Become the owner of a case, if its owner is still the one who was shown."""
    _check(case_ref)
    body = {"owner": desk.person.account.id, "seen_owner": desk.typed.get("seen_owner") or None}
    return _done(desk, case_ref, desk.ask("referral", "POST", f"/v1/cases/{case_ref}/owner", "cases:write", body))


@page("/c/<case_ref>/match", methods=("POST",), scope="cases:write")
def match_again(desk: Desk, case_ref: str) -> Any:
    """Let referral look for a partner again."""
    _check(case_ref)
    return _done(desk, case_ref, desk.ask("referral", "POST", f"/v1/cases/{case_ref}/match", "cases:write", {}))


@page("/c/<case_ref>/settle", methods=("POST",), scope="cases:write")
def settle(desk: Desk, case_ref: str) -> Any:
    """Close a need, with a coded reason."""
    _check(case_ref)
    need, reason = desk.typed.get("need", ""), desk.typed.get("reason", "")
    if not _NEED.fullmatch(need) or reason not in _SETTLED_BECAUSE:
        abort(404)
    path = f"/v1/cases/{case_ref}/needs/{need}/settle"
    return _done(desk, case_ref, desk.ask("referral", "POST", path, "cases:write", {"reason": reason}))


def _known(desk: Desk, case_ref: str) -> Any:
    """Return a case as referral shows it. One that does not exist, and one that is not the person's to see, are the same page."""
    _check(case_ref)
    found = desk.ask("referral", "GET", f"/v1/cases/{case_ref}", "cases:read")
    if found.is_missing:
        abort(503)
    if not found.is_good:
        abort(404)
    return found.body


def _check(case_ref: str) -> None:
    if not _CASE.fullmatch(case_ref):
        abort(404)


def _part(desk: Desk, service: str, path: str, scope: str) -> Answer | None:
    return desk.ask(service, "GET", path, scope) if desk.may(scope) else None


def _done(desk: Desk, case_ref: str, *answers: Answer) -> Any:
    """Go back to the case, or say what was not done and why."""
    wrong = next((each for each in answers if not each.is_good), None)
    if wrong is None:
        return desk.go(f"/c/{case_ref}")
    sentence = wrong.body.get("detail") if not wrong.is_missing else None
    return desk.show(
        "not_done.html", 503 if wrong.is_missing else 409, case_ref=case_ref, service=wrong.service, sentence=sentence
    )
