"""One kind of support that a case asks for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum


class NeedState(StrEnum):
    """Where a need stands: to be matched, offered or taken, in a human's hands, or settled."""

    PENDING = "pending"
    PLACED = "placed"
    WITH_HUMAN = "with_human"
    SETTLED = "settled"


@dataclass
class Need:
    """`told` is the reason last told to a human; `second_chance` names partners that said yes too late."""

    name: str
    state: NeedState = NeedState.PENDING
    match_again: datetime | None = None
    told: str = ""
    second_chance: set[str] = field(default_factory=set)

    def free(self) -> None:
        """Its offer has ended without help: it is to be matched anew."""
        if self.state is NeedState.PLACED:
            self.state = NeedState.PENDING

    def wake(self) -> None:
        """Something has changed while a human holds it: it is to be matched anew."""
        if self.state is NeedState.WITH_HUMAN:
            self.state, self.match_again = NeedState.PENDING, None

    def settle(self) -> None:
        """Nothing is left to do for it."""
        self.state, self.match_again = NeedState.SETTLED, None
