"""Find a person, register one, and show what staff keep about her. Names and numbers are masked by the registry."""

from __future__ import annotations

from typing import Any

from flask import abort
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from services.console.defenders.model import identity_of
from services.console.pages.declaring import page
from services.console.pages.desk import Desk
from services.console.pages.peers import Answer

_READ, _KEEP, _IDENTITY = "defenders:read", "defenders:write", "identity:read"


@page("/defenders", scope=_IDENTITY, group="network", title=_l("Defenders"))
def find_people(desk: Desk) -> Any:
    """Ask for a name, a phone or an e-mail, and why."""
    return desk.show("defenders.html", reasons=desk.reasons(_IDENTITY))


@page("/defenders", methods=("POST",), scope=_IDENTITY)
def show_found(desk: Desk) -> Any:
    """Show who was found. It is the answer of a form, so that no address leads to it again."""
    reasons = desk.reasons(_IDENTITY)
    reason = desk.typed.get("reason", "")
    if reason not in reasons:
        return desk.show("defenders.html", 422, reasons=reasons, typed=desk.typed, wrong=_("Choose why you need it"))
    body = {"identity": identity_of(desk.typed), "reason": reason}
    answer = desk.ask("registry", "POST", "/v1/defenders/find", _IDENTITY, body)
    if answer.status in (400, 422):
        wrong = _wrong(answer) or _("Give two words of the name, a phone or an e-mail.")
        return desk.show("defenders.html", 422, reasons=reasons, typed=desk.typed, wrong=wrong)
    if not answer.is_good:
        return desk.done("/defenders", answer)
    return desk.show("defenders.html", reasons=reasons, found=answer.body["people"], more=answer.body["more"])


@page("/defenders/new", scope=_KEEP)
def ask_registration(desk: Desk) -> Any:
    """Ask who the person is."""
    return desk.show("registration.html")


@page("/defenders/new", methods=("POST",), scope=_KEEP)
def register_person(desk: Desk) -> Any:
    """Register her; if others may be the same person, show them before anything else is done."""
    answer = desk.ask("registry", "POST", "/v1/defenders", _KEEP, {"identity": identity_of(desk.typed)})
    if answer.status in (400, 422):
        wrong = _wrong(answer) or _("Give a name, a phone or an e-mail.")
        return desk.show("registration.html", 422, typed=desk.typed, wrong=wrong)
    ref = answer.body.get("defender_ref", "")
    if answer.is_good and answer.body["probable"]:
        return desk.show("registered.html", ref=ref, probable=answer.body["probable"])
    return desk.done(f"/d/{ref}", answer)


@page("/d/<defender:ref>", scope=_READ)
def show_defender(desk: Desk, ref: str) -> Any:
    """Show a person's record, masked, and the pages about her."""
    path = f"/v1/defenders/{ref}?reason={desk.reason(_READ)}"
    person = desk.known("registry", path, _READ)
    if person["defender_ref"] != ref:
        return desk.go(f"/d/{person['defender_ref']}")
    return desk.show("defender.html", ref=ref, person=person)


@page("/d/<defender:ref>/release", methods=("POST",), scope=_KEEP)
def release_person(desk: Desk, ref: str) -> Any:
    """End her registration."""
    answer = desk.ask("registry", "DELETE", f"/v1/defenders/{ref}/registration", _KEEP)
    if answer.status == 404:
        abort(404)
    return desk.done(f"/d/{ref}", answer)


def _wrong(answer: Answer) -> str:
    """Return the sentence for the field that the registry names."""
    pointer = next((str(each["pointer"]) for each in answer.body.get("errors", ())), "")
    sentences = {
        "emails": _("This is no e-mail address. Correct it, or leave it out."),
        "phones": _("This is no phone number. Correct it, or leave it out."),
        "names": _("This name is too long. Write it with fewer words."),
    }
    return next((sentence for field, sentence in sentences.items() if f"/{field}" in pointer), "")
