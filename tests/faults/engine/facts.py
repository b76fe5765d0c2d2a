"""What the checker judges: plain data about one round, taken from histories and stores, and nothing that talks to anybody."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Line = Mapping[str, Any]


@dataclass(frozen=True)
class Limits:
    """What a fault excuses. Seconds where it is a time.

    `answers_within` None: the fault stops the very process that would answer. `parked` are messages that nobody could have
    handled; `parked_as` are those of this queue and for this reason, however many. `wire_repeats` None: the broker or a
    process may have had to send again. `urgent_behind` is how many routine offers may be made after the fault before an urgent
    one that was accepted during it.
    """

    answers_within: float | None = 5.0
    parked: int = 0
    parked_as: tuple[str, str] | None = None
    wire_repeats: int | None = None
    urgent_behind: int = 150
    clears_within: float = 120.0


@dataclass
class Facts:
    """One round, after the fault was healed and the platform was given time to become quiet."""

    source_id: str
    ops: list[Line]
    heard: list[Line]
    reports: list[Line]
    cases: list[Line]
    story: list[Line]
    resolved: list[str]
    disclosures: list[Line]
    messages: list[Line]
    outbox: dict[str, int] = field(default_factory=dict)
    queues: dict[str, int] = field(default_factory=dict)
    parked: list[Line] = field(default_factory=list)
    ghosts: list[str] = field(default_factory=list)
    watched: list[Line] = field(default_factory=list)
    audits: dict[str, bool] = field(default_factory=dict)
    starved: list[tuple[float, float]] = field(default_factory=list)
    """(moment, how many seconds intake has waited for a processor by then); see `starving`."""
    fault_at: float = 0.0
    healed_at: float = 0.0
    quiet_after: float | None = 0.0
    moves: str = ""
    """What still moved when the time to become quiet was over."""
    limits: Limits = field(default_factory=Limits)
