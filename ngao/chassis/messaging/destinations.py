"""Where an event can go: a name for each exchange that a service publishes to."""

from __future__ import annotations

from dataclasses import dataclass

from ngao.contracts import Event, for_partner, notice_of

EVENTS = "events"
NOTICES = "notices"
PARTNERS = "partners"
RESULTS = "results"
REDELIVER = "redeliver"
REDELIVER_EDGE = "redeliver-edge"

MAX_BODY = 1024 * 1024 + 64 * 1024
"""In bytes: no larger event is stored to be published, because no consumer reads one."""


@dataclass(frozen=True)
class Destination:
    """An exchange, which of the two virtual hosts it is in, and whether what went there is kept for a replay.

    With `outsiders` it feeds queues of partners or sources, and each routing key begins with the id of its one recipient.
    """

    exchange: str
    edge: bool
    kept: bool = True
    outsiders: bool = False


DESTINATIONS = {
    EVENTS: Destination("events", edge=False),
    NOTICES: Destination("notices", edge=False),
    PARTNERS: Destination("partners", edge=True, outsiders=True),
    RESULTS: Destination("results", edge=True, outsiders=True),
    # What was parked is passed on as it came, which may be in clear: it stands sealed among the parked, and nowhere else.
    REDELIVER: Destination("redeliver", edge=False, kept=False),
    REDELIVER_EDGE: Destination("redeliver", edge=True, kept=False),
}


def form_of(event: Event, to: str) -> Event:
    """The form of an event for a destination: no more than its readers need."""
    if to == NOTICES:
        return notice_of(event)
    return for_partner(event) if to == PARTNERS else event


def routing_key(event: Event, to: str) -> str:
    """The routing key of an event at a destination: outsiders' keys begin with who they are for."""
    if to == PARTNERS:
        return f"{event.partnerid}.{event.routing_key}"
    if to == RESULTS:
        return f"{event.extra['sourceid']}.{event.type}"
    return event.routing_key


def recipient_of(key: str, to: str) -> str | None:
    """Which partner or source a routing key at a destination is for; None inside the platform."""
    return key.partition(".")[0] if DESTINATIONS[to].outsiders else None
