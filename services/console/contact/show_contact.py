"""The page of how a person may be reached: masked, its forms, and the answer that shows words and hours for a reason."""

from __future__ import annotations

from typing import Any

from flask import abort
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from services.console.contact.model import USES, contact_of, field_refused
from services.console.pages.declaring import page
from services.console.pages.desk import Desk

_READ, _WRITE, _IDENTITY = "defenders:read", "contacts:write", "identity:read"


@page("/d/<defender:ref>/contact", scope=_READ, of="defender", title=_l("How to reach her"))
def show_contacts(desk: Desk, ref: str) -> Any:
    """Show whether contact is stopped, and each contact, masked."""
    return _page(desk, ref)


@page("/d/<defender:ref>/contact/shown", methods=("POST",), scope=_IDENTITY)
def show_contact_values(desk: Desk, ref: str) -> Any:
    """Show numbers, words and hours for a reason. It is the answer of a form, so that no address leads to it again."""
    reason = desk.typed.get("reason", "")
    if reason not in desk.reasons(_IDENTITY):
        return _page(desk, ref, 422, wrong=_("Choose why you need it"))
    values = desk.known("registry", f"/v1/defenders/{ref}/contacts/values?reason={reason}", _IDENTITY)
    return desk.show("contact.html", ref=ref, kept=values, reasons=desk.reasons(_IDENTITY))


@page("/d/<defender:ref>/contact/new", scope=_WRITE)
def ask_contact(desk: Desk, ref: str) -> Any:
    """Ask how one contact of the person may be used."""
    return desk.show("contact_form.html", ref=ref, typed={})


@page("/d/<defender:ref>/contact/new", methods=("POST",), scope=_WRITE)
def put_contact(desk: Desk, ref: str) -> Any:
    """Record it. The registry names the field that is wrong; what was typed stays in the form."""
    if desk.typed.get("use", "") not in USES:
        return desk.show("contact_form.html", 422, ref=ref, typed=desk.typed, field="use")
    answer = desk.ask("registry", "PUT", f"/v1/defenders/{ref}/contacts", _WRITE, contact_of(desk.typed))
    if answer.status in (400, 422):
        field = field_refused(answer.body.get("errors", ()))
        return desk.show("contact_form.html", 422, ref=ref, typed=desk.typed, field=field)
    return _done(desk, ref, answer)


@page("/d/<defender:ref>/contact/<id:contact_id>/confirm", methods=("POST",), scope=_WRITE)
def confirm_contact(desk: Desk, ref: str, contact_id: str) -> Any:
    """Record that the person confirmed it again."""
    how = {"confirmed_how": desk.typed.get("confirmed_how", "")}
    answer = desk.ask("registry", "POST", f"/v1/defenders/{ref}/contacts/{contact_id}/confirmation", _WRITE, how)
    if answer.status in (400, 422):
        return _page(desk, ref, 422, wrong=_("Choose how she confirmed it"))
    return _done(desk, ref, answer)


@page("/d/<defender:ref>/contact/<id:contact_id>/remove", methods=("POST",), scope=_WRITE)
def remove_contact(desk: Desk, ref: str, contact_id: str) -> Any:
    """Remove it. A second person may have to approve."""
    return _done(desk, ref, desk.ask("registry", "DELETE", f"/v1/defenders/{ref}/contacts/{contact_id}", _WRITE))


@page("/d/<defender:ref>/contact/stop", methods=("POST",), scope=_WRITE)
def stop_contact(desk: Desk, ref: str) -> Any:
    """Stop every contact immediately."""
    reason = {"reason": desk.typed["reason"]} if desk.typed.get("reason") else {}
    return _done(desk, ref, desk.ask("registry", "POST", f"/v1/defenders/{ref}/contact-stop", _WRITE, reason))


@page("/d/<defender:ref>/contact/lift", methods=("POST",), scope=_WRITE)
def lift_stop(desk: Desk, ref: str) -> Any:
    """End the stop. A second person may have to approve."""
    return _done(desk, ref, desk.ask("registry", "DELETE", f"/v1/defenders/{ref}/contact-stop", _WRITE))


def _page(desk: Desk, ref: str, status: int = 200, wrong: str = "") -> Any:
    kept = desk.known("registry", f"/v1/defenders/{ref}/contacts?reason={desk.reason(_READ)}", _READ)
    if kept["defender_ref"] != ref:
        return desk.go(f"/d/{kept['defender_ref']}/contact")
    return desk.show("contact.html", status, ref=ref, kept=kept, reasons=desk.reasons(_IDENTITY), wrong=wrong)


def _done(desk: Desk, ref: str, answer: Any) -> Any:
    if answer.status == 404:
        abort(404)
    return desk.done(f"/d/{ref}/contact", answer)
