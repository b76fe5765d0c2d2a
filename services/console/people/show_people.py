"""The pages of staff accounts, and their acts: invite, invite again, change roles, close. Each runs one of `accounts`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import abort, request
from flask_babel import lazy_gettext as _l

from services.console.pages.declaring import page
from services.console.pages.desk import OWN, Desk
from services.console.pages.peers import Answer
from services.console.people.model import in_order, is_as_seen, requests_of, seen_of
from services.console.values import LANGUAGES

_READ, _WRITE = "staff:read", "staff:write"
_COME_BACK = _l("If it makes an invitation, come back here after the approval: only you can see it, once.")


@page("/people", scope=_READ, group="network", title=_l("People"))
def show_people(desk: Desk) -> Any:
    """Show every account, how to invite a person, and the requests for a second person."""
    return _show(desk)


@page("/people", methods=("POST",), scope=_WRITE)
def invite_staff(desk: Desk) -> Any:
    """Invite a person. The code is shown on the page that follows, and on no other."""
    language = desk.choice("language", LANGUAGES)
    name, partner = (desk.typed.get(each, "").strip().lower() for each in ("id", "partner"))
    typed = {"id": name, "partner": partner, "language": language, **_granted()}
    answer = desk.ask(OWN, "POST", "/v1/accounts", _WRITE, typed)
    if answer.status in (409, 422):
        return _show(desk, answer.status, refused=_sentences(answer), typed=typed)
    return _after(desk, answer, "/people")


@page("/people/<code:account_id>", scope=_READ)
def show_person_of_staff(desk: Desk, account_id: str) -> Any:
    """Show one account, and what can be changed about it."""
    return _show_one(desk, _account(desk, account_id))


@page("/people/<code:account_id>/roles", methods=("POST",), scope=_WRITE)
def change_roles_of(desk: Desk, account_id: str) -> Any:
    """Change what a person may do, if it is still what the page has shown."""
    account = _account(desk, account_id)
    if not is_as_seen(account, desk.typed.get("seen", "")):
        return _show_one(desk, account, 409, changed=True)
    answer = desk.ask(OWN, "PUT", f"/v1/accounts/{account_id}/roles", _WRITE, _granted())
    if answer.status == 422:
        return _show_one(desk, account, 422, refused=_sentences(answer))
    return _after(desk, answer, f"/people/{account_id}")


@page("/people/<code:account_id>/invitation", methods=("POST",), scope=_WRITE)
def invite_once_more(desk: Desk, account_id: str) -> Any:
    """Let a person set the account up again. What signed in before does not any more, and all sessions end."""
    path = f"/v1/accounts/{account_id}/invitation"
    return _after(desk, desk.ask(OWN, "POST", path, _WRITE, {}), f"/people/{account_id}")


@page("/people/<code:account_id>/close", methods=("POST",), scope=_WRITE)
def close_staff_account(desk: Desk, account_id: str) -> Any:
    """Let a person sign in no more, and end all sessions."""
    account = _account(desk, account_id)
    answer = desk.ask(OWN, "POST", f"/v1/accounts/{account_id}/close", _WRITE, {"reason": desk.typed.get("reason", "").strip()})
    if answer.status == 422:
        return _show_one(desk, account, 422, refused=_sentences(answer))
    return _after(desk, answer, f"/people/{account_id}")


@page("/people/answers/<id:approval_id>", methods=("POST",), scope=_WRITE)
def show_answer_once(desk: Desk, approval_id: str) -> Any:
    """Show the answer of what this person asked for and another one approved: once."""
    return _after(desk, desk.ask(OWN, "POST", f"/v1/approvals/{approval_id}/result", "approvals:read", {}), "/people")


def _show(desk: Desk, status: int = 200, **values: Any) -> Any:
    accounts = desk.known(OWN, "/v1/accounts", _READ)["accounts"]
    approvals = desk.part(OWN, "/v1/approvals?state=all", "approvals:read")
    waiting = requests_of(approvals.body.get("approvals", ()), desk.person.account.id) if approvals else []
    return desk.show("people.html", status, accounts=in_order(accounts), waiting=waiting, **_choices(desk), **values)


def _show_one(desk: Desk, account: Mapping[str, Any], status: int = 200, **values: Any) -> Any:
    return desk.show("account.html", status, account=account, seen=seen_of(account), **_choices(desk), **values)


def _account(desk: Desk, account_id: str) -> Mapping[str, Any]:
    accounts = desk.known(OWN, "/v1/accounts", _READ)["accounts"]
    found: Mapping[str, Any] | None = next((each for each in accounts if each["id"] == account_id), None)
    return found or abort(404)


def _choices(desk: Desk) -> dict[str, Any]:
    return {"roles": [name for name, role in desk.parts.roles.items() if not role.keys_only]}


def _granted() -> dict[str, list[str]]:
    return {"roles": sorted(set(request.form.getlist("roles"))), "hubs": sorted(set(request.form.getlist("hubs")))}


def _after(desk: Desk, answer: Answer, path: str) -> Any:
    """Show a code that is in the answer; else continue."""
    if answer.is_good and answer.body.get("code"):
        link = f"{desk.parts.site.origin}/welcome#{answer.body['code']}"
        return desk.show("invited.html", account=answer.body, link=link)
    return desk.done(path, answer, then=_COME_BACK)


def _sentences(answer: Answer) -> list[str]:
    """Return why it was refused: a sentence for each field, or the one of the whole."""
    found = [str(each["detail"]) for each in answer.body.get("errors", ()) if each.get("detail")]
    return list(dict.fromkeys(found)) or [str(answer.body.get("detail", ""))]
