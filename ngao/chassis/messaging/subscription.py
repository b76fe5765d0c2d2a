"""What a consumer receives from: a queue, and who handles what comes from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


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
