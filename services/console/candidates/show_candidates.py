"""The pages of candidates, and the decisions: same person, different people, not sure."""

from __future__ import annotations

import re
from typing import Any

from flask import abort
from flask_babel import lazy_gettext as _l

from services.console.candidates.model import asked_for, best_score, decision_of, facts_of
from services.console.pages.declaring import page
from services.console.pages.desk import Desk

_READ, _DECIDE = "defenders:read", "defenders:write"
_USUAL = "candidate_review"
_CHANGED = "candidate-changed"
_DEFENDER, _REVISION = re.compile(r"DEF-[A-Za-z0-9]{4,40}"), re.compile(r"[0-9]{1,10}")


@page("/candidates", scope=_READ, group="now", title=_l("Same person?"))
def list_candidates(desk: Desk) -> Any:
    """Show the cases whose person may be known already, the longest waiting first. Values are masked by the registry."""
    found = desk.ask("registry", "GET", f"/v1/candidates?reason={desk.reason(_READ, _USUAL)}", _READ)
    missing = [] if found.is_good else ["registry"]
    candidates = found.body.get("candidates", ())
    return desk.show("candidates.html", candidates=candidates, missing=missing, best_score=best_score)


@page("/candidates/<case:case_ref>", scope=_READ)
def show_candidate(desk: Desk, case_ref: str) -> Any:
    """Show the record of a case beside each that it may be, or who has decided what."""
    return _candidate(desk, case_ref)


@page("/candidates/<case:case_ref>/same", methods=("POST",), scope=_DECIDE)
def decide_same(desk: Desk, case_ref: str) -> Any:
    """Decide that it is one person. The registry may want the approval of a second person first."""
    known = desk.typed.get("known", "")
    if not _DEFENDER.fullmatch(known):
        abort(404)
    return _decide(desk, case_ref, "link", {"defender_ref": known})


@page("/candidates/<case:case_ref>/different", methods=("POST",), scope=_DECIDE)
def decide_different(desk: Desk, case_ref: str) -> Any:
    """Decide that they are different people; an earlier link is undone."""
    return _decide(desk, case_ref, "separate")


@page("/candidates/<case:case_ref>/unsure", methods=("POST",), scope=_DECIDE)
def leave_to_others(desk: Desk, case_ref: str) -> Any:
    """Leave the decision to others, who see that and by whom."""
    return _decide(desk, case_ref, "unsure")


def _decide(desk: Desk, case_ref: str, verb: str, body: Any = None) -> Any:
    """Decide about what was seen. If another person was first, show who and what; nothing is overwritten."""
    seen = desk.typed.get("seen", "")
    if not _REVISION.fullmatch(seen):
        abort(404)
    answer = desk.ask("registry", "POST", f"/v1/candidates/{case_ref}/{verb}?seen={seen}", _DECIDE, body)
    if answer.slug == _CHANGED:
        return _candidate(desk, case_ref, 409, changed=True)
    if answer.status == 404:
        abort(404)
    return desk.done(f"/candidates/{case_ref}", answer)


def _candidate(desk: Desk, case_ref: str, status: int = 200, *, changed: bool = False) -> Any:
    found = desk.known("registry", f"/v1/candidates/{case_ref}?reason={desk.reason(_READ, _USUAL)}", _READ)
    waiting = desk.part("registry", "/v1/approvals", "approvals:read")
    return desk.show(
        "candidate.html", status, candidate=found, case_ref=case_ref, changed=changed, decision=decision_of(found),
        waiting=asked_for(case_ref, waiting.body.get("approvals", ()) if waiting else ()), facts_of=facts_of,
    )  # fmt: skip
