"""How long each wait may last, as the coalition decided it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from ngao.kernel.urgency import URGENCIES


@dataclass(frozen=True)
class Waits:
    """The waits of one urgency: until an answer, a start, an outcome, and until a need a human holds is matched again.

    `disclose_by` is how long after an acceptance contact and narrative must be disclosed or withheld.
    """

    respond_by: timedelta
    start_by: timedelta
    complete_by: timedelta
    match_again: timedelta
    disclose_by: timedelta = timedelta(seconds=120)


@dataclass(frozen=True)
class Deadlines:
    """All waits. `resolve_by` is how long the second of the two facts about a case may take; `told` names the human."""

    version: str
    told: str
    resolve_by: timedelta
    by_urgency: Mapping[str, Waits]

    def of(self, urgency: str) -> Waits:
        """The waits of an urgency; one that nobody knows is handled as critical."""
        return self.by_urgency.get(urgency) or self.by_urgency[URGENCIES[0]]
