"""The queues that a service reads, and their names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ngao.contracts import CATALOGUE


@dataclass(frozen=True)
class Subscription:
    """One queue and who handles it. `raw` handlers get the Delivery, others the Event; `entrypoint` None only parks.

    A queue of events is bound with the routing key `key`. With `notices` no more is read of an event than its notice.
    `outsiders` is the collection with the ids of all who may have a lane to the queue; `dead_of`, the edge queues whose dead
    letters come to this one.
    """

    queue: str
    urgent: bool
    raw: bool
    entrypoint: Any = None
    key: str = ""
    notices: bool = False
    outsiders: str | None = None
    dead_of: tuple[str, ...] = ()


def lane_name(queue: str, outsider_id: str) -> str:
    """Return the plain name of the lane that leads one outsider's messages to a queue's reader."""
    return f"{queue}.{outsider_id}"


def lane_owner(queue: str, name: str) -> str | None:
    """Return the owner of a lane to a queue, by its plain name; None for any other queue."""
    beside, _, outsider_id = name.rpartition(".")
    return outsider_id if beside == queue else None


def subscription_queues(service: str, event_type: str) -> tuple[tuple[str, str], ...]:
    """Return a subscription's routine queue, and its urgent one if any, each with the routing key it is bound with."""
    name = f"{service}.{event_type}"
    routine, urgent = (name, f"routine.{event_type}"), (f"{name}.urgent", f"urgent.{event_type}")
    known = CATALOGUE.get(event_type)
    return (routine, urgent) if known is None or known.may_be_urgent else (routine,)
