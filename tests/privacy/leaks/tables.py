"""What a person reads at the end, and the same as JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rich.table import Table

from tests.support.controls import UNPLANTABLE
from tests.support.inventory import sent_to_us
from tests.support.marked_run import MarkedRun
from tests.support.markers import Token
from tests.support.searching import SENT_IN_CLEAR, SINKS, Searched

_CORES = Path("/proc/sys/kernel/core_pattern")


@dataclass
class Findings:
    """The result of a search: each place, and what was looked for."""

    run: MarkedRun
    control: Token
    places: dict[str, Searched] = field(default_factory=dict)

    def leaks(self, place: str) -> list[str]:
        """What stands in clear where it must not. What is of no kind that was sent is a fault of the search, and told too."""
        searched = self.places[place]
        bad = [*searched.of(self.run.token), *searched.of(Token(self.run.stem, "?"))]
        return bad if place in SENT_IN_CLEAR else [*bad, *searched.of(self.run.open)]

    def control_found(self, place: str) -> bool:
        """Whether the search of a place can find anything."""
        return bool(self.places[place].of(self.control)) or place in UNPLANTABLE

    @property
    def unmarked(self) -> list[str]:
        """Schemas through which something about a person comes in, and which the run did not mark."""
        return sorted(each.__name__ for each in sent_to_us() - set(self.run.planted))

    @property
    def good(self) -> bool:
        """Nothing found that must not be, everything found that must be, and everything marked."""
        return not self.unmarked and all(not self.leaks(each) and self.control_found(each) for each in self.places)

    @property
    def markers(self) -> int:
        """How many different markers were sent: each of a field, and the telephone numbers of both kinds."""
        return len(self.run.token.fields) + len(self.run.open.fields) + 2

    @property
    def fields(self) -> int:
        """How many fields of how many schemas carry one."""
        return sum(len(each.marked) for each in self.run.planted.values())

    def lines(self) -> list[str]:
        """What was looked for, and where it was found, if it was."""
        kinds = len(self.run.planted)
        closed = sum(len(each.closed) for each in self.run.planted.values())
        total = sum(each.bytes for each in self.places.values())
        found = [f"IN CLEAR: {place}: {hit}" for place in self.places for hit in self.leaks(place)]
        blind = [f"THE CONTROL WAS NOT FOUND in {place}" for place in self.places if not self.control_found(place)]
        others = len(self.run.token.fields) - self.fields
        return [
            f"{self.markers} markers in {self.fields} fields of {kinds} schemas and {others} other places",
            f"{closed} fields more are sensitive and take nothing but a code",
            f"{self.run.documents} marked reports and forms; {total:,} bytes searched; found in clear: {len(found)}",
            f"memory of crashed services: none written; of the control: {self._cores()}",
            *(f"NOT MARKED: {each}" for each in self.unmarked), *blind, *found,
        ]  # fmt: skip

    def _cores(self) -> str:
        """Whether this machine writes the memory of a crashed process where we can look for it."""
        found = [each for each in self.places["temporary"].of(self.control) if "/core" in each]
        return "found" if found else f"none either, the kernel's rule is {_CORES.read_text().strip()}"

    def as_json(self) -> dict[str, Any]:
        """Everything that the table and the lines say."""
        return {
            "good": self.good, "markers": self.markers, "documents": self.run.documents, "unmarked": self.unmarked,
            "fields": {schema.__name__: sorted(each.marked) for schema, each in self.run.planted.items()},
            "places": {
                name: {
                    "items": each.items, "bytes": each.bytes,
                    "control_found": self.control_found(name), "found": self.leaks(name),
                    "sent_in_clear_by_outsiders": len(each.of(self.run.open)) if name in SENT_IN_CLEAR else 0,
                } for name, each in self.places.items()
            },
        }  # fmt: skip


def table(findings: Findings) -> Table:
    """One line a place."""
    made = Table(title="Markers in clear", title_justify="left")
    made.add_column("place", no_wrap=True)
    made.add_column("what it is")
    for name in ("things", "bytes", "markers", "fields", "control", "found"):
        made.add_column(name, justify="right")
    for place, searched in findings.places.items():
        found = len(findings.leaks(place))
        control = "found" if findings.places[place].of(findings.control) else "-" if place in UNPLANTABLE else "[red]missed[/]"
        made.add_row(
            place.replace("_", " "), (SINKS[place].__doc__ or "").splitlines()[0].rstrip("."), f"{searched.items:,}",
            f"{searched.bytes:,}", str(findings.markers), str(findings.fields), control,
            f"[red]{found}[/]" if found else "0",
        )  # fmt: skip
    return made
