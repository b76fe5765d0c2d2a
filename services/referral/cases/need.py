"""One kind of support that a case asks for."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from ngao.kernel.records import stored_as


class NeedState(StrEnum):
    """The state of a need: to be matched, offered or accepted, in a human's hands, or settled."""

    PENDING = "pending"
    PLACED = "placed"
    WITH_HUMAN = "with_human"
    SETTLED = "settled"


@dataclass
class Need:
    """One need of a case and its state.

    `alarmed` is the reason of the last alarm to a human; `second_chance` names partners that accepted too late and
    may be asked once more. `match_again` is when a need that a human has is matched again.
    `proposed` is true while no person has asked for it. `round_start` is the index in the case's offers at which the
    present round begins: a partner that was asked in an earlier round may be asked again.
    """

    name: str
    state: NeedState = NeedState.PENDING
    match_again: datetime | None = None
    alarmed: str = field(default="", metadata=stored_as("told"))
    second_chance: set[str] = field(default_factory=set)
    proposed: bool = False
    round_start: int = field(default=0, metadata=stored_as("first_offer"))

    def free(self) -> None:
        """Match it again, because its offer has ended without help."""
        if self.state is NeedState.PLACED:
            self.state = NeedState.PENDING

    def return_to_matching(self) -> None:
        """Match it again, because something has changed while a human holds it."""
        if self.state is NeedState.WITH_HUMAN:
            self.state, self.match_again = NeedState.PENDING, None

    def ask_again(self, round_start: int) -> None:
        """Begin a new round of offers, because earlier help does not answer the new facts; a human may be notified again."""
        self.state, self.match_again, self.alarmed, self.round_start = NeedState.PENDING, None, "", round_start
        self.second_chance.clear()

    def settle(self) -> None:
        """Note that no work is left for it."""
        self.state, self.match_again = NeedState.SETTLED, None
