"""The page of a case's person, masked, and the answer that shows a number for a reason."""

from __future__ import annotations

from typing import Any

from flask import abort
from flask_babel import gettext as _

from services.console.pages.declaring import page
from services.console.pages.desk import Desk
from services.console.person.model import shown

READ, IDENTITY = "defenders:read", "identity:read"


@page("/c/<case:case_ref>/person", scope=READ)
def show_person(desk: Desk, case_ref: str) -> Any:
    """Show what protects a person and how they may be reached. Names and numbers are masked."""
    return _masked(desk, case_ref)


@page("/c/<case:case_ref>/person/number", methods=("POST",), scope=IDENTITY)
def show_number(desk: Desk, case_ref: str) -> Any:
    """Show name and number for a reason, below how it is safe to use them. The registry decides, and puts it on record.

    It is the answer of a form, so that no address leads to it again.
    """
    reasons = desk.reasons(IDENTITY)
    reason, despite = desk.typed.get("reason", ""), desk.typed.get("despite", "")
    if reason not in reasons or despite not in ("", *reasons):
        return _masked(desk, case_ref, 422, wrong=_("Choose why you need it"))
    second = f"&despite={despite}" if despite else ""
    contact = desk.known("registry", f"/v1/cases/{case_ref}/contact?reason={reason}{second}", IDENTITY)
    return desk.show(
        "number.html", case_ref=case_ref, contact=contact, reason=reason, reasons=reasons, readings=_readings(desk, case_ref)
    )


def _masked(desk: Desk, case_ref: str, status: int = 200, wrong: str = "") -> Any:
    found = desk.ask("registry", "GET", f"/v1/defenders?case_ref={case_ref}&reason={desk.reason(READ)}", READ)
    if found.is_missing:
        return desk.show("no_person.html", 503, case_ref=case_ref, missing=["registry"])
    if found.status == 404 and _is_known(desk, case_ref):
        return desk.show("no_person.html", case_ref=case_ref, missing=[])
    if not found.is_good:
        abort(404)
    return desk.show(
        "person.html", status, case_ref=case_ref, person=found.body, shown=shown(found.body, case_ref), wrong=wrong,
        readings=_readings(desk, case_ref), reasons=desk.reasons(IDENTITY),
    )  # fmt: skip


def _is_known(desk: Desk, case_ref: str) -> bool:
    """Return True if there is such a case for this person, although the registry knows no one for it."""
    case = desk.part("referral", f"/v1/cases/{case_ref}", "cases:read")
    return case is not None and case.is_good


def _readings(desk: Desk, case_ref: str) -> Any:
    found = desk.part("registry", f"/v1/cases/{case_ref}/readings", READ)
    return found.body if found and found.is_good else None
