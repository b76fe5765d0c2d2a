"""Notes and flags of a case, and the narrative: the words about it, each read with a reason."""

from __future__ import annotations

import secrets
from typing import Any

from flask import abort
from flask_babel import lazy_gettext as _l

from services.console.case.model import LONGEST_NOTE, flags_of, last_change, note_of
from services.console.pages.declaring import page
from services.console.pages.desk import Desk

_TOO_LONG = _l("A note has 1 to 4,000 characters.")
_USED = _l("This page has saved a note already. Send it again to save this text as another note.")
_LOST = _l("Not saved: a part of the platform does not answer. Your text is below. Send it again.")


@page("/c/<case:case_ref>/notes", scope="reports:read")
def show_notes(desk: Desk, case_ref: str) -> Any:
    """Show the flags of a case and, to those who may read them, its notes."""
    return _notes(desk, case_ref)


@page("/c/<case:case_ref>/notes", methods=("POST",), scope="notes:write")
def write_note(desk: Desk, case_ref: str) -> Any:
    """Write a note, once for each act. If it was not saved, the page says why, and has the text."""
    note = note_of(desk.typed)
    if note is None:
        return _notes(desk, case_ref, 422, wrong=_TOO_LONG)
    answer = desk.ask("intake", "POST", f"/v1/cases/{case_ref}/notes", "notes:write", note)
    if answer.is_good:
        return desk.go(f"/c/{case_ref}/notes")
    if answer.is_missing:
        return _notes(desk, case_ref, 503, wrong=_LOST, act=note["act"])
    if answer.status == 404:
        abort(404)
    wrong = _USED if answer.slug == "conflicting-repeat" else answer.body.get("detail", "")
    return _notes(desk, case_ref, 409, wrong=wrong)


@page("/c/<case:case_ref>/flags", methods=("POST",), scope="notes:write")
def change_flag(desk: Desk, case_ref: str) -> Any:
    """Set or clear a flag, if the flags are still those that were shown; else say who has changed them, and when."""
    flag, revision = desk.typed.get("flag", ""), desk.typed.get("revision", "")
    if not flag or not revision.isdecimal():
        abort(404)
    body = {"flag": flag[:64], "is_set": desk.typed.get("set") == "yes", "revision": int(revision[:9])}
    answer = desk.ask("intake", "PUT", f"/v1/cases/{case_ref}/flags", "notes:write", body)
    back = f"/c/{case_ref}/notes"
    if answer.slug != "flags-changed":
        return desk.done(back, answer)
    now = desk.part("intake", f"/v1/cases/{case_ref}/flags?reason={desk.reason('reports:read')}", "reports:read")
    last = last_change(flags_of(now.body)) if now else None
    return desk.changed(back, answer, last.by if last else "", last.at if last else None)


@page("/c/<case:case_ref>/narrative", scope="narrative:read")
def ask_for_narrative(desk: Desk, case_ref: str) -> Any:
    """Ask why the narrative is to be read."""
    return desk.show("narrative.html", case_ref=case_ref, reasons=desk.reasons("narrative:read"), narrative=None)


@page("/c/<case:case_ref>/narrative", methods=("POST",), scope="narrative:read")
def read_narrative(desk: Desk, case_ref: str) -> Any:
    """Show the narrative, once its reason is on record at intake."""
    reasons = desk.reasons("narrative:read")
    reason = desk.choice("reason", reasons)
    found = desk.known("intake", f"/v1/cases/{case_ref}/narrative?reason={reason}", "narrative:read")
    return desk.show("narrative.html", case_ref=case_ref, reasons=reasons, reason=reason, narrative=found)


def _notes(desk: Desk, case_ref: str, status: int = 200, *, wrong: Any = "", act: str = "") -> Any:
    """Show the page of notes: with what was typed, if it was not saved."""
    flags = desk.ask("intake", "GET", f"/v1/cases/{case_ref}/flags?reason={desk.reason('reports:read')}", "reports:read")
    notes = desk.part("intake", f"/v1/cases/{case_ref}/notes?reason={desk.reason('notes:read')}", "notes:read")
    if not flags.is_good and not flags.is_missing:
        abort(404)
    parts = [each for each in (flags, notes) if each is not None]
    return desk.show(
        "notes.html", status, case_ref=case_ref, flags=flags_of(flags.body), revision=flags.body.get("revision", 0),
        notes=notes.body.get("notes", []) if notes else None, forgotten=bool(flags.body.get("forgotten")),
        missing=sorted({each.service for each in parts if each.is_missing}), wrong=wrong, typed=desk.typed if wrong else {},
        act=act or secrets.token_hex(16), longest=LONGEST_NOTE,
    )  # fmt: skip
