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
    """`told` is the reason last told to a human; `second_chance` names partners that said yes too late.

    `proposed` is true while no person has asked for it. `first_offer` counts the offers of the case that belong to an earlier
    round: a partner that was asked in an earlier round may be asked again.
    """

    name: str
    state: NeedState = NeedState.PENDING
    match_again: datetime | None = None
    told: str = ""
    second_chance: set[str] = field(default_factory=set)
    proposed: bool = False
    first_offer: int = 0

    def free(self) -> None:
        """Its offer has ended without help: it is to be matched anew."""
        if self.state is NeedState.PLACED:
            self.state = NeedState.PENDING

    def wake(self) -> None:
        """Something has changed while a human holds it: it is to be matched anew."""
        if self.state is NeedState.WITH_HUMAN:
            self.state, self.match_again = NeedState.PENDING, None

    def ask_again(self, first_offer: int) -> None:
        """What helped before the news does not answer it: a new round of offers begins, and a human may be told again."""
        self.state, self.match_again, self.told, self.first_offer = NeedState.PENDING, None, "", first_offer
        self.second_chance.clear()

    def settle(self) -> None:
        """Nothing is left to do for it."""
        self.state, self.match_again = NeedState.SETTLED, None
