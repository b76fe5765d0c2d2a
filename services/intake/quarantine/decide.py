"""Decide about a body in quarantine: release it as a report, or dismiss it."""

from __future__ import annotations

from typing import Any

from ngao.chassis.handlers import always, http, itself
from ngao.chassis.http.reasons import Reasoned
from ngao.chassis.messaging.parked import DROPPED, REPLAYED, body_of, name_of
from services.intake.context import Context
from services.intake.mapping.read_form import accept_form, profile_of, read_form
from services.intake.quarantine.model import NativeBody
from services.intake.quarantine.show import source_of
from services.intake.reports.responses import ReceiptShown, show


@http.post(
    "/v1/quarantine/<quarantine_id>/replay",
    roles="operator",
    scope="quarantine:write",
    audit=itself("quarantine.replayed"),
    request=Reasoned,
    returns=ReceiptShown,
    summary="Read a body in quarantine through the profile as it is now, and accept it.",
)
def replay_held(ctx: Context, quarantine_id: str, body: dict[str, Any]) -> dict[str, Any]:
    """Accept a body; the answer is the receipt. It stays in quarantine if it still cannot be read.

    A body that its source gave no name keeps its id here as its name, so that the same body, replayed again, is a repeat. An edit
    of a report that was withdrawn or erased becomes a report of its own.
    Raises NotFound, NotAllowedNow, UnreadableReport.
    """
    found = ctx.shelf.end_parking(ctx.unit, quarantine_id, REPLAYED)
    ctx.audit("quarantine.replayed", subject=quarantine_id, detail={"reason": body["reason"]})
    native = NativeBody(source_of(found), body_of(ctx.unit, found), name_of(ctx.unit, found) or quarantine_id)
    form = read_form(profile_of(ctx, native.source_id), native, ctx.policy.vocabulary, ctx.now)
    return show(ReceiptShown, accept_form(ctx, native.source_id, form, released=True))


@http.post(
    "/v1/quarantine/<quarantine_id>/dismiss",
    roles="operator",
    scope="quarantine:write",
    audit=itself("quarantine.dismissed"),
    request=Reasoned,
    returns={204: None},
    two_person=always,
    summary="Decide that nothing becomes of a body in quarantine: it is destroyed.",
)
def dismiss_held(ctx: Context, quarantine_id: str, body: dict[str, Any]) -> None:
    """Dismiss a body: what was posted is destroyed, and the reason audited. Raises NotFound, NotAllowedNow."""
    ctx.shelf.end_parking(ctx.unit, quarantine_id, DROPPED)
    ctx.audit("quarantine.dismissed", subject=quarantine_id, detail={"reason": body["reason"]})
