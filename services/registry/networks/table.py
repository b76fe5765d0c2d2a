"""Read a table of members, as a spreadsheet writes it (CSV): each row by itself, and no value in what is said about it."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from services.registry.networks.model import AGREED_HOW, Agreed

MOST_ROWS, LONGEST_TABLE, LONGEST_CELL = 300, 200_000, 200
WHO = ("name", "phone", "email")
AGREED = tuple(Agreed.__dataclass_fields__)
COLUMNS = (*WHO, "defender_ref", "network", "hub", "role", "accepted", "since", *AGREED, "how")
_NEEDED = ("network", "role")
_YES, _NO = frozenset({"yes", "y", "ndiyo", "true", "1", "x"}), frozenset({"", "no", "n", "hapana", "la", "false", "0"})
_BEGINS_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_NUMBER = re.compile(r"\+[0-9][0-9 ().-]{4,40}")
_SEPARATORS = ",;\t"


class NoTable(ValueError):
    """The text is no table of members: a code, and a sentence without anything of its content."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code, self.detail = code, detail


@dataclass(frozen=True)
class Wrong:
    """What is wrong with a row: the column, a code and a sentence."""

    column: str
    code: str
    detail: str


@dataclass
class Row:
    """One row by its number in the spreadsheet, where the header is row 1. Its cells are read only if nothing is wrong."""

    number: int
    cells: Mapping[str, str] = field(repr=False)
    agreed: Agreed = field(default_factory=Agreed)
    accepted: bool = False
    since: date | None = None
    wrong: list[Wrong] = field(default_factory=list)

    def refuse(self, column: str, code: str, detail: str) -> None:
        """Record that something is wrong."""
        self.wrong.append(Wrong(column, code, detail))

    @property
    def place(self) -> tuple[str, str]:
        """Return the network and hub."""
        return self.cells["network"], self.cells["hub"]

    @property
    def identity(self) -> dict[str, list[str]]:
        """Return who it is, as a registration states it."""
        return {f"{name}s": [self.cells[name]] for name in WHO if self.cells[name]}


def rows_of(text: str) -> list[Row]:
    """Read a whole table. An empty row is left out and still counted. Raises NoTable."""
    if len(text) > LONGEST_TABLE:
        raise NoTable("too_long", f"A table has at most {LONGEST_TABLE} characters. Split it.")
    if "\0" in text or text.startswith("PK\x03\x04"):
        raise NoTable("not_csv", "This is no CSV. Save the sheet as CSV UTF-8.")
    lines = text.removeprefix("\ufeff")
    first = lines.partition("\n")[0]
    separator = max(_SEPARATORS, key=first.count)
    try:
        table = list(csv.reader(io.StringIO(lines, newline=""), delimiter=separator))
    except csv.Error:
        raise NoTable("not_csv", "This is no CSV. Save the sheet as CSV UTF-8.") from None
    names = _header(table[0] if table else [])
    found = [(number, cells) for number, cells in enumerate(table[1:], 2) if any(cell.strip() for cell in cells)]
    if len(found) > MOST_ROWS:
        raise NoTable("too_many_rows", f"A table has at most {MOST_ROWS} rows. Split it.")
    return [_row(number, names, cells) for number, cells in found]


def written(columns: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> str:
    """Write a table in which no spreadsheet finds a formula: what begins like one has an apostrophe before it."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(columns)
    writer.writerows([_as_text(str(row.get(name) or "")) for name in columns] for row in rows)
    return out.getvalue()


def _header(cells: Sequence[str]) -> tuple[str, ...]:
    names = tuple(cell.strip().casefold() for cell in cells)
    unknown = [str(place) for place, name in enumerate(names, 1) if name not in COLUMNS]
    known = f"Known columns: {', '.join(COLUMNS)}."
    if unknown:
        raise NoTable(
            "unknown_column", f"The first row must name the columns. Unknown: number {', '.join(unknown[:20])}. {known}"
        )
    if len(set(names)) < len(names):
        raise NoTable("column_twice", "Each column once.")
    if missing := [name for name in _NEEDED if name not in names]:
        raise NoTable("missing_column", f"Missing: {', '.join(missing)}. {known}")
    return names


def _row(number: int, names: Sequence[str], cells: Sequence[str]) -> Row:
    given = dict.fromkeys(COLUMNS, "") | {name: cell.strip() for name, cell in zip(names, cells, strict=False)}
    row = Row(number, {name: _without_guard(cell) for name, cell in given.items()})
    if any(cell.strip() for cell in cells[len(names) :]):
        row.refuse("", "too_many_cells", "The row has more cells than the header.")
    for name, cell in row.cells.items():
        if len(cell) > LONGEST_CELL:
            row.refuse(name, "too_long", f"At most {LONGEST_CELL} characters.")
        elif _is_formula(cell):
            row.refuse(name, "formula", "A formula is not read. Write the value.")
    if not row.wrong:
        _read_agreement(row)
    return row


def _read_agreement(row: Row) -> None:
    said = {name: _yes_or_no(row, name) for name in ("accepted", *AGREED)}
    row.accepted = said.pop("accepted")
    row.agreed = Agreed(**said)
    row.since = _day(row)
    for name in (*AGREED, "since", "how"):
        if row.cells[name] and (said.get(name, True)) and not row.accepted:
            row.refuse(name, "contradicts", "Needs yes in the column accepted.")
    for name in AGREED[1:]:
        if said[name] and not row.agreed.seen_by_convenor and row.accepted:
            row.refuse(name, "contradicts", "Needs yes in the column seen_by_convenor.")
    if row.accepted and row.cells["how"] not in AGREED_HOW:
        row.refuse("how", "unknown_code", f"Must be one of: {', '.join(AGREED_HOW)}.")


def _yes_or_no(row: Row, name: str) -> bool:
    word = row.cells[name].casefold()
    if word not in _YES | _NO:
        row.refuse(name, "not_yes_or_no", "Must be yes or no.")
    return word in _YES


def _day(row: Row) -> date | None:
    if not row.cells["since"]:
        return None
    try:
        return date.fromisoformat(row.cells["since"])
    except ValueError:
        row.refuse("since", "not_a_day", "Must be a day as year-month-day.")
        return None


def _is_formula(cell: str) -> bool:
    return cell.startswith(_BEGINS_FORMULA) and not _NUMBER.fullmatch(cell)


def _as_text(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_BEGINS_FORMULA) else cell


def _without_guard(cell: str) -> str:
    """Return what our own tables, or a spreadsheet, marked as text."""
    return cell[1:] if cell.startswith("'") and cell[1:].startswith(_BEGINS_FORMULA) else cell
