"""Intake's operations on quarantine: list it, read what was posted, take it in, dismiss it."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from ngao.chassis.approvals.asking import always
from ngao.chassis.errors import InvalidInput
from ngao.chassis.http.auditing import itself, lists, shows
from ngao.chassis.http.entrypoint import Answer, Call, http
from ngao.chassis.http.reasons import Reasoned
from ngao.contracts.classes import INTERNAL, SENSITIVE, Tolerant
from services.intake.quarantine.shelf import STATES, Wanted
from services.intake.reports import schemas as http_api
from services.intake.reports.read_case import Reader
from services.intake.reports.schemas import LeftOutShown, ReceiptShown, show

_MOST_HELD = 500


class HeldShown(Tolerant):
    """A body in quarantine, without what is in it: `left_out` names what could not be read, never a value."""

    quarantine_id = fields.String(metadata=INTERNAL)
    source_id = fields.String(metadata=INTERNAL)
    state = fields.String(metadata=INTERNAL)
    reason = fields.String(metadata=INTERNAL)
    left_out = fields.List(fields.Nested(LeftOutShown), metadata=INTERNAL)
    size = fields.Integer(metadata=INTERNAL)
    times = fields.Integer(metadata=INTERNAL)
    first_posted_at = fields.AwareDateTime(metadata=INTERNAL)
    posted_at = fields.AwareDateTime(metadata=INTERNAL)


class QuarantineShown(Tolerant):
    """Bodies in quarantine, newest first."""

    quarantine = fields.List(fields.Nested(HeldShown), metadata=INTERNAL)


class OriginalShown(Tolerant):
    """A body in quarantine as it was posted: as text, or in base64 where its bytes are not UTF-8 (`encoding`)."""

    quarantine_id = fields.String(metadata=INTERNAL)
    encoding = fields.String(metadata=INTERNAL)
    body = fields.String(metadata=SENSITIVE)


class HeldDecision(Reasoned):
    """Why an operator replays or dismisses a body in quarantine; kept in the audit trail."""


class QuarantineEndpoints:
    """Mixed into intake's service class."""

    app: Any

    def reader(self, call: Call) -> Reader:
        """Which operator reads, and for what; raises InvalidInput."""
        return Reader(call.principal.actor, http_api.reason_of(call, self.app.read_reasons))

    @http(
        "GET", "/v1/quarantine", who="operator", needs="quarantine:read", operation="listQuarantine",
        audit=lists("quarantine"),
        query=("state", "source", "limit"), summary="Bodies that could not be read as reports.",
        responses={200: QuarantineShown},
    )  # fmt: skip
    def list_quarantine(self, call: Call) -> dict[str, Any]:
        """Newest first; `?state=waiting|replayed|dismissed|expired|all`, `?source=` and `?limit=1..500`."""
        found = self.app.forms.quarantine.list(_wanted(call.query))
        return show(QuarantineShown, quarantine=found)

    @http(
        "GET", "/v1/quarantine/<quarantine_id>", who="operator", needs="quarantine:read", operation="showHeld",
        audit=shows("quarantine.shown", "quarantine_id"),
        summary="One of them, without what is in it.", responses={200: HeldShown},
    )  # fmt: skip
    def show_held(self, call: Call, quarantine_id: str) -> dict[str, Any]:  # noqa: ARG002  # every handler is given its call
        """Why it could not be read, and how often it was posted."""
        return show(HeldShown, **self.app.forms.quarantine.show(quarantine_id))

    @http(
        "GET", "/v1/quarantine/<quarantine_id>/original", who="operator", needs="originals:read", operation="readOriginal",
        audit=itself("quarantine.read"),
        query=("reason",),
        summary="A body in quarantine as it was posted; ?reason= is demanded.", responses={200: OriginalShown},
    )  # fmt: skip
    def read_original(self, call: Call, quarantine_id: str) -> dict[str, Any]:
        """Names and contacts included: that it was read is audited, with the reason."""
        return _original(quarantine_id, self.app.forms.original(quarantine_id, self.reader(call)))

    @http(
        "POST", "/v1/quarantine/<quarantine_id>/replay", who="operator", needs="quarantine:write", operation="replayHeld",
        audit=itself("quarantine.replayed"),
        request=HeldDecision, responses={200: ReceiptShown},
        summary="Read a body in quarantine through the profile as it is now, and take it in.",
    )  # fmt: skip
    def replay_held(self, call: Call, quarantine_id: str) -> dict[str, Any]:
        """The answer is the receipt. If it still cannot be read it stays, and the answer names what is broken."""
        return show(ReceiptShown, **self.app.forms.replay(quarantine_id, _decided(call), call.trace))

    @http(
        "POST", "/v1/quarantine/<quarantine_id>/dismiss", who="operator", needs="quarantine:write", operation="dismissHeld",
        audit=itself("quarantine.dismissed"),
        request=HeldDecision, responses={204: None}, two_person=always,
        summary="Decide that nothing becomes of a body in quarantine: it is destroyed.",
    )  # fmt: skip
    def dismiss_held(self, call: Call, quarantine_id: str) -> Answer:
        """The reason is audited."""
        self.app.forms.dismiss(quarantine_id, _decided(call))
        return Answer(204, None)


def _decided(call: Call) -> Reader:
    return Reader(call.principal.actor, call.load()["reason"])


def _wanted(query: Mapping[str, str]) -> Wanted:
    """Which bodies in quarantine are asked for; raises InvalidInput."""
    state, limit = query.get("state", "waiting"), query.get("limit", "100")
    if state not in STATES:
        raise InvalidInput(f"state must be one of: {', '.join(STATES)}.", slug="invalid-query", status=400)
    if not limit.isascii() or not limit.isdigit() or not 1 <= int(limit[:6]) <= _MOST_HELD:
        raise InvalidInput(f"limit must be a number from 1 to {_MOST_HELD}.", slug="invalid-query", status=400)
    return Wanted(state, query.get("source", ""), int(limit))


def _original(quarantine_id: str, body: bytes) -> dict[str, Any]:
    """What was posted, without losing a byte."""
    try:
        return show(OriginalShown, quarantine_id=quarantine_id, encoding="utf-8", body=body.decode())
    except UnicodeDecodeError:
        return show(OriginalShown, quarantine_id=quarantine_id, encoding="base64", body=b64encode(body).decode())
