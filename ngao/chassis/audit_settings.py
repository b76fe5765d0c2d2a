"""The section `[audit]` of a service's settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from marshmallow.validate import Range


@dataclass(frozen=True)
class AuditSettings:
    """The intervals at which a service checks its audit trail and publishes the heads of its chains, in seconds.

    `heads_late_after` is how many of these intervals another service may publish nothing before it is an alarm.
    `lists_within_s` is how long an operator's readings of one list are counted into one entry; 0 writes an entry for each.
    """

    look_every_s: Annotated[float, Range(0.1, 3600)] = 60.0
    heads_every_s: Annotated[float, Range(0.1, 86_400)] = 3600.0
    heads_late_after: Annotated[int, Range(2, 100)] = 3
    lists_within_s: Annotated[float, Range(0, 3600)] = 300.0
