"""The list of operators that each service reads: `operators.json`, hashes only."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

Entry = dict[str, Any]


def entries_in(path: Path) -> list[Entry]:
    """Read the entries of a list: none if the file is missing."""
    try:
        return list(json.loads(path.read_text("utf-8"))["operators"])
    except FileNotFoundError:
        return []


def entry(operator_id: str, hashed: str, scopes: Iterable[str], roles: Iterable[str] = (), hubs: Iterable[str] = ()) -> Entry:
    """Return one key of one operator."""
    return {"id": operator_id, "hash": hashed, "scopes": list(scopes), "roles": list(roles), "hubs": list(hubs)}


def as_text(entries: Iterable[Entry]) -> str:
    """Return the list in the form that services read."""
    return json.dumps({"operators": list(entries)}, indent=2) + "\n"
