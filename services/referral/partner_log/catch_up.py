"""Show a partner that was away the events it was sent meanwhile."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from ngao.chassis.handlers import Call, http
from ngao.contracts.classes import INTERNAL
from services.referral.context import ReferralParts
from services.referral.requests import whole_number

_MOST = 10**15


class EventsView(Schema):
    """Events that a partner was sent, as CloudEvents, and the cursor to ask from next."""

    events = fields.List(fields.Dict(), metadata=INTERNAL)
    next_after = fields.Integer(metadata=INTERNAL)


@http.get("/v1/partners/me/events", roles="partner", returns=EventsView)
def catch_up(parts: ReferralParts, call: Call, *, after: str = "0", limit: str = "100") -> dict[str, Any]:
    """List the events for the partner after a cursor; `?after=&limit=`.

    An empty page gives the same cursor back. Events get their cursors now, so this is a unit of work that is committed.
    """
    cursor, most = whole_number("after", after, _MOST), whole_number("limit", limit, 500)
    found = parts.run(lambda ctx: ctx.partner_log.after(call.principal.id, cursor, most), call)
    return {"events": [event for _, event in found], "next_after": found[-1][0] if found else cursor}
