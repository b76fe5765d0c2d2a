"""The pages of the directory and of one partner, and its acts: suspend, let be asked again, revoke."""

from __future__ import annotations

from collections.abc import Container, Mapping
from contextlib import suppress
from typing import Any

from flask_babel import lazy_gettext as _l

from ngao.chassis.errors import InvalidInput
from ngao.chassis.security import seals, signing
from ngao.chassis.security.vouches import Vouch
from services.console.pages.declaring import page
from services.console.pages.desk import Desk
from services.console.partners.model import State, fits, free_of, hours_of, request_with, state_of

_READ, _WRITE = "partners:read", "partners:write"


@page("/partners", scope=_READ, group="network", title=_l("Partners"))
def show_partners(desk: Desk) -> Any:
    """Show the directory; `?need=&county=&state=` choose among the partners."""
    policy = desk.parts.policy
    known: Mapping[str, Container[str]] = {"need": policy.support_types, "county": policy.counties, "state": tuple(State)}
    chosen = desk.chosen(lambda name, value: name in known and (not value or value in known[name]))
    found = desk.known("referral", "/v1/partners", _READ)["partners"]
    partners = [_shown(each) for each in sorted(found, key=lambda each: str(each["name"]).lower()) if fits(each, chosen)]
    return desk.show("partners.html", partners=partners, every=len(found), chosen=chosen, states=tuple(State))


@page("/partners/<code:partner_id>", scope=_READ)
def show_partner(desk: Desk, partner_id: str) -> Any:
    """Show one partner, its keys, and the offers that it holds."""
    partner = desk.known("referral", f"/v1/partners/{partner_id}", _READ)
    offers = desk.ask("referral", "GET", f"/v1/partners/{partner_id}/offers", _READ)
    return desk.show(
        "partner.html", partner=_shown(partner), keys=_keys(partner), offers=offers.body.get("offers", ()),
        missing=[] if offers.is_good else [offers.service],
    )  # fmt: skip


@page("/partners/<code:partner_id>/suspended", methods=("POST",), scope=_WRITE)
def suspend_partner(desk: Desk, partner_id: str) -> Any:
    """Let no offer go to a partner, or let offers go to it again. What it holds stays with it."""
    wanted = desk.choice("suspended", ("yes", "no"))
    partner = desk.known("referral", f"/v1/partners/{partner_id}", _READ)
    body = request_with(partner, suspended=wanted == "yes")
    return desk.done(f"/partners/{partner_id}", desk.ask("referral", "PUT", f"/v1/partners/{partner_id}", _WRITE, body))


@page("/partners/<code:partner_id>/revoke", methods=("POST",), scope=_WRITE)
def revoke_partner(desk: Desk, partner_id: str) -> Any:
    """Revoke a partner in the directory. Its account at the broker is removed on the command line, as the page says."""
    return desk.done(f"/partners/{partner_id}", desk.ask("referral", "POST", f"/v1/partners/{partner_id}/revoke", _WRITE, {}))


def _shown(partner: Mapping[str, Any]) -> dict[str, Any]:
    return {**partner, "state": state_of(partner), "free": free_of(partner), "hours": hours_of(partner)}


def _keys(partner: Mapping[str, Any]) -> dict[str, Any]:
    """Return the short names of a partner's keys, as they are compared by phone, and when operators vouched for them."""
    found: dict[str, Any] = {}
    with suppress(InvalidInput):
        found["box"] = seals.key_id(partner["public_key"])
    with suppress(InvalidInput):
        found["signing"] = signing.key_id(partner["signing_key"])
    with suppress(InvalidInput):
        vouch = Vouch.read(partner.get("vouch", ""))
        found |= {"vouched_at": vouch.statement.issued_at, "signatures": len(vouch.signatures)}
    return found
