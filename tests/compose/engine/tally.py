"""What a run found out, told at its end."""

from __future__ import annotations

from dataclasses import dataclass, field

from rich.console import Console

from tests.faults.engine import tables
from tests.faults.engine.rounds import Result


@dataclass
class Tally:
    """The rounds, and what was measured beside them, each a line of its own."""

    rounds: list[Result] = field(default_factory=list)
    lines: dict[str, str] = field(default_factory=dict)

    def tell(self, out: Console) -> None:
        if self.rounds:
            out.print(tables.table(self.rounds))
        for name, value in self.lines.items():
            out.print(f"{name}: {value}", markup=False)
