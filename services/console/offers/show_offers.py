"""The pages of offers: the list, one offer with its answers, and the boxes that the browser opens with the person's key file."""

from __future__ import annotations

from typing import Any

from flask import abort, jsonify
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l

from ngao.contracts.codes import DECLINE_REASONS, FAIL_REASONS, OUTCOMES
from services.console.offers.model import left, row_of
from services.console.pages.declaring import page
from services.console.pages.desk import Desk
from services.console.pages.peers import Answer

CODES = {"accept": ("",), "decline": DECLINE_REASONS, "start": ("",), "complete": OUTCOMES, "fail": FAIL_REASONS}
"""The answers, each with the codes that go with it."""
READ, WRITE = "offers:read", "offers:write"
_REFUSED = {
    "partner-not-trusted": _l("The access of your organisation is suspended. Call the coalition."),
    "not-found": _l("Your account belongs to no partner that the platform knows. Call the coalition."),
}
_NOT_DONE = {
    "offer-state": _l("Nothing has changed: this answer is not possible any more. The offer is shown as it is now."),
    "acceptance-not-signed": _l("Not accepted: the signature is missing, or another key made it. The offer is still open."),
}
_SIGNATURE = 128


@page("/offers", scope=READ, group="now", title=_l("Offers to us"), home=True)
def show_offers(desk: Desk) -> Any:
    """Show the offers to the person's partner: first those without an answer."""
    found = desk.ask("referral", "GET", "/v1/own-offers", READ)
    rows = sorted((row_of(each) for each in found.body.get("offers", ())), key=lambda row: row.rank)
    return desk.show("offers.html", rows=rows, **_why_not(found), left=left, spoken=_spoken)


@page("/offers/<id:offer_id>", scope=READ)
def show_offer(desk: Desk, offer_id: str) -> Any:
    """Show one of them: what is asked, until when, and the answers that are possible now. Nothing names the person."""
    return _show(desk, offer_id)


@page("/offers/<id:offer_id>/answer", methods=("POST",), scope=WRITE)
def answer_offer(desk: Desk, offer_id: str) -> Any:
    """Give an answer in the partner's name; or show the offer as it is now, and why the answer changed nothing."""
    answer, detail, signature = (desk.typed.get(name, "") for name in ("answer", "detail", "signature"))
    if detail == "" and CODES.get(answer, ("",)) != ("",):
        return _show(desk, offer_id, 422, wrong=_l("Nothing has changed: choose a reason or a result first."))
    if detail not in CODES.get(answer, ()) or len(signature) > _SIGNATURE:
        abort(404)
    body = {"answer": answer, "detail": detail, "signature": signature}
    answered = desk.ask("referral", "POST", f"/v1/own-offers/{offer_id}/answer", WRITE, body)
    if answered.slug in _NOT_DONE:
        return _show(desk, offer_id, 409, wrong=_NOT_DONE[answered.slug])
    if answered.slug in _REFUSED:
        return abort(404)
    return desk.done(f"/offers/{offer_id}", answered)


@page("/offers/<id:offer_id>/boxes", scope=READ)
def give_boxes(desk: Desk, offer_id: str) -> Any:
    """Give the browser what was sealed to the partner. Referral puts on record who fetched it; console cannot open it."""
    return jsonify(desk.known("referral", f"/v1/own-offers/{offer_id}/boxes", READ))


def _show(desk: Desk, offer_id: str, status: int = 200, **values: Any) -> Any:
    row = row_of(desk.known("referral", f"/v1/own-offers/{offer_id}", READ))
    return desk.show("offer.html", status, offer=row, codes=CODES, left=left, spoken=_spoken, **values)


def _why_not(found: Answer) -> dict[str, Any]:
    """Return what is said instead of the list, if there is none."""
    refused = _REFUSED.get(found.slug, _REFUSED["not-found"]) if not found.is_good and not found.is_missing else ""
    return {"missing": ["referral"] if found.is_missing else [], "refused": refused}


def _spoken(codes: tuple[str, ...]) -> str:
    """Return the names of languages in the reader's language; the code where there is none."""
    names = get_locale().languages
    return ", ".join(names.get(each, each) for each in codes)
