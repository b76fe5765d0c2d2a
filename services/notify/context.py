"""What a use case about messages works with, for one unit of work."""

from __future__ import annotations

from dataclasses import dataclass

from services.notify.ladders.planning import Desk
from services.notify.ports import Alarms, Announcer, Messages


@dataclass(frozen=True)
class Context:
    """The stores, what publishes the outcome, and what plans are made with."""

    messages: Messages
    alarms: Alarms
    announcer: Announcer
    desk: Desk
