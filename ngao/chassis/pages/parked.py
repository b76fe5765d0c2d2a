"""Messages that could not be processed, and an operator's decisions about them."""

from __future__ import annotations

from typing import Any

from ngao.chassis.approvals.asking import always
from ngao.chassis.errors import InvalidInput
from ngao.chassis.handlers.context import Parts
from ngao.chassis.handlers.declaring import http
from ngao.chassis.http.answers import NUMBER, OBJECTS, TEXT, TRUTH, answer
from ngao.chassis.http.auditing import itself, lists, shows
from ngao.chassis.http.call import Call
from ngao.chassis.http.reasons import Reasoned
from ngao.chassis.messaging.parking import shown

_MOST = 500
_STATES = ("parked", "replayed", "dropped", "expired", "all")


Parked = answer(
    "Parked", "A message that could not be processed, without its content.", id=TEXT, queue=TEXT, reason=TEXT, errors=OBJECTS,
    attempts=NUMBER, times=NUMBER, state=TEXT, size=NUMBER, content_type=TEXT, parked_at=TEXT, first_parked_at=TEXT, whole=TRUTH,
)  # fmt: skip
AllParked = answer("AllParked", "Messages that could not be processed, the newest first.", parked=Parked)


def limit_of(given: str) -> int:
    """Return how many parked messages an operator wants listed. Raises InvalidInput."""
    if not (given.isascii() and given.isdigit() and len(given) <= len(str(_MOST)) and 1 <= int(given) <= _MOST):
        raise InvalidInput(f"limit must be a number from 1 to {_MOST}.", slug="invalid-query", status=400)
    return int(given)


@http.get("/v1/parked", roles="operator", scope="parked:read", audit=lists("parked"), returns=AllParked)
def list_parked(parts: Parts[Any], *, state: str = "parked", limit: str = "100") -> dict[str, Any]:
    """List messages that could not be processed.

    Newest first; `?state=parked|replayed|dropped|expired|all` and `?limit=1..500`.
    """
    most = limit_of(limit)
    if state not in _STATES:
        raise InvalidInput(f"state must be one of: {', '.join(_STATES)}.", slug="invalid-query", status=400)
    return {"parked": [shown(each) for each in parts.chassis.parking.list(most, state)]}


@http.get(
    "/v1/parked/<parked_id>", roles="operator", scope="parked:read", audit=shows("parked.read", "parked_id"), returns=Parked
)
def show_parked(parts: Parts[Any], parked_id: str) -> dict[str, Any]:
    """Show one of them, without its content."""
    return shown(parts.chassis.parking.find(parked_id))


@http.post(
    "/v1/parked/<parked_id>/replay", roles="operator", scope="parked:write", audit=itself("parked.replayed"),
    request=Reasoned, returns={204: None},
)  # fmt: skip
def replay_parked(parts: Parts[Any], parked_id: str, body: dict[str, str], call: Call) -> None:
    """Send a parked message through its queue again."""
    parts.chassis.parking.replay(parked_id, by=call.principal.actor, reason=body["reason"])


@http.post(
    "/v1/parked/<parked_id>/drop", roles="operator", scope="parked:write", audit=itself("parked.dropped"),
    request=Reasoned, returns={204: None}, two_person=always,
)  # fmt: skip
def drop_parked(parts: Parts[Any], parked_id: str, body: dict[str, str], call: Call) -> None:
    """Drop a parked message permanently."""
    parts.chassis.parking.drop(parked_id, by=call.principal.actor, reason=body["reason"])
