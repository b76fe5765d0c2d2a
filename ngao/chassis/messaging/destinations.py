"""Where an event can go: a name for each exchange that a service publishes to.

Those that lead back inside are here; the platform declares the others, with the form in which an event leaves for each.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from operator import attrgetter

from ngao.contracts import Event, notice_of

EVENTS = "events"
NOTICES = "notices"
REDELIVER = "redeliver"
REDELIVER_EDGE = "redeliver-edge"

MAX_BODY = 1024 * 1024 + 64 * 1024
"""In bytes: no larger event is stored to be published, because no consumer reads one."""


@dataclass(frozen=True)
class Destination:
    """An exchange, which of the two virtual hosts it is in, and whether what went there is kept for a replay.

    With `outsiders`, a kind of them, it feeds their queues, and each routing key begins with the id of its one recipient.
    `form` gives no more of an event than its readers need. One that is not `numbered` shows no gaps that reveal other events.
    """

    exchange: str
    edge: bool
    kept: bool = True
    outsiders: str | None = None
    numbered: bool = True
    form: Callable[[Event], Event] = lambda event: event
    key: Callable[[Event], str] = attrgetter("routing_key")


DESTINATIONS = {
    EVENTS: Destination("events", edge=False),
    NOTICES: Destination("notices", edge=False, form=notice_of),
    # A parked message is forwarded as it came, which may be in clear: it is sealed among the parked, and nowhere else.
    REDELIVER: Destination("redeliver", edge=False, kept=False),
    REDELIVER_EDGE: Destination("redeliver", edge=True, kept=False),
}


def declare(name: str, destination: Destination) -> str:
    """Add an exchange of the platform's own; gives back its name, to be emitted to."""
    DESTINATIONS[name] = destination
    return name


def to_outsiders() -> dict[str, str]:
    """Return the kind of outsiders at each destination that feeds their queues."""
    return {name: each.outsiders for name, each in DESTINATIONS.items() if each.outsiders}


def recipient_of(key: str, to: str) -> str | None:
    """Return the outsider of a routing key at a destination; None inside the platform."""
    return key.partition(".")[0] if DESTINATIONS[to].outsiders else None
