"""The page of a person's memberships: invitation, what she agrees to, leaving."""

from __future__ import annotations

from typing import Any

from flask import abort
from flask_babel import lazy_gettext as _l

from services.console.networks.model import AGREED, HOW, agreement_of, field_refused, invitation_of, labels_of
from services.console.networks.show_networks import READS, SEES
from services.console.pages.declaring import page
from services.console.pages.desk import Desk
from services.console.pages.peers import Answer

_WRITES = "members:write"


@page("/d/<defender:ref>/networks", scope=READS, of="defender", title=_l("Networks of this person"))
def show_memberships(desk: Desk, ref: str) -> Any:
    """Show where she is a member or invited, and what she agreed to."""
    return _page(desk, ref)


@page("/d/<defender:ref>/networks", methods=("POST",), scope=_WRITES)
def invite_member(desk: Desk, ref: str) -> Any:
    """Invite her, or change her role."""
    body = invitation_of(desk.typed)
    if body is None:
        return _page(desk, ref, 422, field="place")
    return _done(desk, ref, desk.ask("registry", "POST", f"/v1/defenders/{ref}/memberships", _WRITES, body))


@page("/d/<defender:ref>/networks/<id:membership>/agreement", methods=("POST",), scope=_WRITES)
def record_agreement(desk: Desk, ref: str, membership: str) -> Any:
    """Record what she agrees to from now on."""
    path = f"/v1/defenders/{ref}/memberships/{membership}/agreement"
    return _done(desk, ref, desk.ask("registry", "PUT", path, _WRITES, agreement_of(desk.typed)))


@page("/d/<defender:ref>/networks/<id:membership>/end", methods=("POST",), scope=_WRITES)
def end_membership(desk: Desk, ref: str, membership: str) -> Any:
    """Record that she leaves."""
    return _done(desk, ref, desk.ask("registry", "DELETE", f"/v1/defenders/{ref}/memberships/{membership}", _WRITES))


def _done(desk: Desk, ref: str, answer: Answer) -> Any:
    if answer.status == 404:
        abort(404)
    if answer.status in (400, 422):
        return _page(desk, ref, 422, field=field_refused(answer.body.get("errors", ())))
    return desk.done(f"/d/{ref}/networks", answer)


def _page(desk: Desk, ref: str, status: int = 200, field: str = "") -> Any:
    kept = desk.known("registry", f"/v1/defenders/{ref}/memberships?reason={desk.reason(READS)}", READS)
    if kept["defender_ref"] != ref:
        return desk.go(f"/d/{kept['defender_ref']}/networks")
    known = desk.part("registry", "/v1/networks", SEES)
    networks = known.body["networks"] if known is not None and known.is_good else []
    return desk.show(
        "memberships.html", status, ref=ref, memberships=kept["memberships"], networks=networks, labels=labels_of(networks),
        agreements=AGREED, ways=HOW, field=field,
    )  # fmt: skip
