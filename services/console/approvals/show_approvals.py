"""The pages of approvals: the requests for a second person in every service, one of them, and the decisions about it."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from services.console.approvals.model import asked_for, request_of, secrets_of, soonest_first
from services.console.pages.declaring import page
from services.console.pages.desk import Desk
from services.console.pages.everywhere import ask_everywhere, known_service, silent

REJECTED_BECAUSE = ("not_agreed", "not_known", "mistake")
"""What the audit keeps as the reason; a list, so that no one types a name into it."""

_LEFT = _l("The account of the person who asked for this is closed. It can only be rejected.")


@page("/approvals", scope="approvals:read", group="now", title=_l("Approvals"))
def show_approvals(desk: Desk) -> Any:
    """Show the requests for a second person, those first that expire soonest; and the results that wait for this person."""
    waiting = ask_everywhere(desk, "/v1/approvals", "approvals:read")
    done = ask_everywhere(desk, "/v1/approvals?state=executed", "approvals:read")
    me = desk.person.account.id
    requests = [
        request_of(name, each)
        for answers in (waiting, done)
        for name, answer in answers.items()
        for each in answer.body.get("approvals", ())
    ]
    return desk.show(
        "approvals.html",
        waiting=soonest_first(each for each in requests if each.state == "waiting"),
        results=soonest_first(each for each in requests if each.has_result and each.is_of(me)),
        me=me,
        single=any(answer.body.get("mode") == "single" for answer in waiting.values()),
        missing=silent(waiting),
    )


@page("/approvals/<code:service>/<id:approval_id>", scope="approvals:read")
def show_one_approval(desk: Desk, service: str, approval_id: str) -> Any:
    """Show one request with what it asks for, so that who approves it knows what will be done. The look is on record."""
    found = desk.known(known_service(service), f"/v1/approvals/{approval_id}", "approvals:read")
    request = request_of(service, found)
    return desk.show(
        "approval.html", asked=request, fields=asked_for(request.operation, found.get("asked")), reasons=REJECTED_BECAUSE,
        me=desk.person.account.id, decided_by=found.get("decided_by"), has_left=_has_left(desk, request.asked_by),
    )  # fmt: skip


@page("/approvals/<code:service>/<id:approval_id>/approve", methods=("POST",), scope="approvals:write")
def approve_request(desk: Desk, service: str, approval_id: str) -> Any:
    """Approve what another person asked for: it is done now, and once. What was asked by a closed account is not done."""
    path = f"/v1/approvals/{approval_id}"
    if _has_left(desk, request_of(service, desk.known(known_service(service), path, "approvals:read")).asked_by):
        return desk.show("not_done.html", 409, back=f"/approvals/{service}/{approval_id}", why=_LEFT)
    return desk.done("/approvals", desk.ask(service, "POST", f"{path}/approve", "approvals:write"))


@page("/approvals/<code:service>/<id:approval_id>/reject", methods=("POST",), scope="approvals:write")
def reject_request(desk: Desk, service: str, approval_id: str) -> Any:
    """Reject what another person asked for, or withdraw what oneself asked for."""
    reason = desk.choice("reason", REJECTED_BECAUSE)
    path = f"/v1/approvals/{approval_id}/reject"
    return desk.done("/approvals", desk.ask(known_service(service), "POST", path, "approvals:write", {"reason": reason}))


@page("/approvals/<code:service>/<id:approval_id>/result", methods=("POST",), scope="approvals:read")
def take_approved(desk: Desk, service: str, approval_id: str) -> Any:
    """Take the answer of what one asked for and another person approved. It is shown once, and kept nowhere."""
    path = f"/v1/approvals/{approval_id}/result"
    taken = desk.ask(known_service(service), "POST", path, "approvals:read")
    if not taken.is_good:
        return desk.done("/approvals", taken)
    return desk.show("approved.html", secrets=secrets_of(taken.body))


def _has_left(desk: Desk, asked_by: str) -> bool:
    """Return True if the account of who asked was closed since: the services know no accounts, and would still do it."""
    account = desk.parts.read().accounts.get(asked_by)
    return account is not None and not account.is_open
