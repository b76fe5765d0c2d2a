"""Events that wait for the broker, and the replay of sent events."""

from __future__ import annotations

from typing import Any

from marshmallow import fields, validate

from ngao.chassis.handlers.context import Parts
from ngao.chassis.handlers.declaring import http
from ngao.chassis.http.answers import NUMBER, TEXT, TRUTH, answer
from ngao.chassis.http.auditing import itself, lists
from ngao.chassis.http.call import Call
from ngao.chassis.http.reasons import Reasoned
from ngao.chassis.messaging.destinations import DESTINATIONS
from ngao.chassis.messaging.sent_events import Order
from ngao.contracts import INTERNAL, Moment


class _KeptDestination(validate.Validator):
    """One of the destinations that are declared by the time of the call."""

    @property
    def choices(self) -> tuple[str, ...]:
        """As the description of the operation lists them."""
        return tuple(name for name, destination in DESTINATIONS.items() if destination.kept)

    def __call__(self, value: str) -> str:
        validate.OneOf(self.choices)(value)
        return value


class ReplayOrder(Reasoned):
    """Which of the events that were sent are sent again; kept in the audit trail with the reason."""

    since = Moment(required=True, metadata=INTERNAL)
    before = Moment(metadata=INTERNAL)
    to = fields.String(validate=_KeptDestination(), metadata=INTERNAL)


Troubled = answer(
    "Troubled", "An event that the broker has refused.", message_id=TEXT, to=TEXT, routing_key=TEXT, attempts=NUMBER, trouble=TEXT
)
Unreached = answer(
    "Unreached", "An outsider who takes nothing.", to=TEXT, recipient=TEXT, waiting=NUMBER, since=TEXT, trouble=TEXT
)
Outbox = answer("Outbox", "The events that wait.", waiting=NUMBER, oldest_created_at=TEXT, troubled=Troubled, unreached=Unreached)
Replayed = answer(
    "Replayed", "How many events were sent again; `more` if there are others.", replayed=NUMBER, more=TRUTH, before=TEXT
)


@http.get("/v1/outbox", roles="operator", scope="outbox:read", audit=lists("troubled"), returns=Outbox)
def show_outbox(parts: Parts[Any]) -> dict[str, Any]:
    """Show the events that the broker has not confirmed yet."""
    return parts.chassis.backlog.status()


@http.post(
    "/v1/outbox/replay", roles="operator", scope="outbox:write", audit=itself("outbox.replayed"), request=ReplayOrder,
    returns=Replayed,
)  # fmt: skip
def replay_outbox(parts: Parts[Any], body: dict[str, Any], call: Call) -> dict[str, Any]:
    """Resend events that were sent and are kept, with the same ids.

    A bounded number per call: while `more` is true, ask again with the `before` of the first answer.
    """
    chassis = parts.chassis
    order = Order(body["since"], body.get("before") or chassis.clock.now(), body.get("to"))
    replayed, more = chassis.sent_events.replay(order, by=call.principal.actor, reason=body["reason"])
    return {"replayed": replayed, "more": more, "before": order.before.isoformat()}
