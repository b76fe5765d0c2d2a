"""The list of operators that each service reads: `operators.json`, hashes only."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Entry = dict[str, Any]


def entries_in(path: Path) -> list[Entry]:
    """Who stands in a list; nobody when there is none yet."""
    try:
        entries: list[Entry] = json.loads(path.read_text("utf-8"))["operators"]
    except FileNotFoundError:
        return []
    return entries


def entry(operator_id: str, hashed: str, scopes: Iterable[str]) -> Entry:
    """One key of one operator."""
    return {"id": operator_id, "hash": hashed, "scopes": list(scopes)}


def as_text(entries: Iterable[Entry]) -> str:
    """The list as services read it."""
    return json.dumps({"operators": list(entries)}, indent=2) + "\n"
