"""Where an event can go: a name for each exchange that a service publishes to."""

from __future__ import annotations

from dataclasses import dataclass

from ngao.contracts import Event

EVENTS = "events"
PARTNERS = "partners"
RESULTS = "results"
REDELIVER = "redeliver"
REDELIVER_EDGE = "redeliver-edge"


@dataclass(frozen=True)
class Destination:
    """An exchange, and which of the two virtual hosts it is in."""

    exchange: str
    edge: bool


DESTINATIONS = {
    EVENTS: Destination("events", edge=False),
    PARTNERS: Destination("partners", edge=True),
    RESULTS: Destination("results", edge=True),
    REDELIVER: Destination("redeliver", edge=False),
    REDELIVER_EDGE: Destination("redeliver", edge=True),
}


def routing_key(event: Event, to: str) -> str:
    """The routing key of an event at a destination: outsiders' keys begin with who they are for."""
    if to == PARTNERS:
        return f"{event.partnerid}.{event.routing_key}"
    if to == RESULTS:
        return f"{event.extra['sourceid']}.{event.type}"
    return event.routing_key
