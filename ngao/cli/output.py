"""Output of the commands: tables for people, JSON for programs, progress and errors on standard error."""

from __future__ import annotations

import json
import re
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON instead of a table.")]

_WIDE = 160
_OBEYED = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069]")
"""Characters that control a terminal: control characters except tab and line feed, and marks of the writing direction."""


def show(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool, none: str) -> None:
    """Print the named columns of rows as a table, or whole rows as JSON. `none` is the message for an empty list."""
    if as_json:
        show_json(list(rows))
    elif not rows:
        echo(none)
    else:
        _table(rows, columns)


def show_json(value: Any) -> None:
    """Print one JSON value."""
    echo(json.dumps(value, indent=2, ensure_ascii=False, default=str))


def show_one(value: Mapping[str, Any], *, as_json: bool) -> None:
    """Print one record, one field per line."""
    if as_json:
        show_json(value)
    else:
        _table([{"field": name, "value": text} for name, text in value.items()], ("field", "value"))


def echo(sentence: str) -> None:
    """Print one message on standard output."""
    sys.stdout.write(_harmless(sentence) + "\n")


def progress() -> Callable[[str], None]:
    """Return a function that prints progress, each line with the seconds since this call."""
    began = time.monotonic()

    def step(line: str) -> None:
        sys.stderr.write(f"{time.monotonic() - began:6.1f} s  {line}\n")
        sys.stderr.flush()

    return step


def print_error(sentence: str) -> None:
    """Print one error message on standard error."""
    sys.stderr.write(f"ngao: {_harmless(sentence)}\n")


def _harmless(text: str) -> str:
    """Replace each terminal control by its JSON escape (RFC 8259, section 7), so that printed JSON keeps its value."""
    return _OBEYED.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str]) -> None:
    table = Table(*columns, box=None, pad_edge=False, header_style="bold")
    for row in rows:
        table.add_row(*(_harmless(_cell(row.get(name))) for name in columns))
    console = Console(highlight=False, markup=False)
    if not console.is_terminal:
        console.width = _WIDE  # a pipe has no width, and the default of 80 would cut lines
    console.print(table)


def _cell(value: Any) -> str:
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(str(each) for each in value)
    return str(value)
