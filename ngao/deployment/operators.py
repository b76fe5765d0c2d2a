"""The list of operators that each service reads: `operators.json`, hashes only."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from ngao.chassis.errors import Misconfigured
from ngao.chassis.security.roles import Roles, rights_of

Entry = dict[str, Any]


def entries_in(path: Path) -> list[Entry]:
    """Read the entries of a list: none if the file is missing."""
    try:
        return list(json.loads(path.read_text("utf-8"))["operators"])
    except FileNotFoundError:
        return []


def entry(operator_id: str, hashed: str, scopes: Iterable[str], roles: Iterable[str] = (), hubs: Iterable[str] = ()) -> Entry:
    """Return one key of one operator. Without roles and hubs it is as services of earlier versions read it."""
    bounded = {name: list(words) for name, words in (("roles", roles), ("hubs", hubs)) if words}
    return {"id": operator_id, "hash": hashed, "scopes": list(scopes), **bounded}


def as_text(entries: Iterable[Entry]) -> str:
    """Return the list in the form that services read."""
    return json.dumps({"operators": list(entries)}, indent=2) + "\n"


def roles_at_fault(entries: Iterable[Entry], roles: Roles) -> list[str]:
    """Return a sentence for each key whose roles policy does not know, or whose roles bound one scope differently."""
    wrong = []
    for each in entries:
        held = each.get("roles", ())
        wrong += [
            f"The role {name} of {each['id']} is not in roles.yaml, and permits nothing." for name in held if name not in roles
        ]
        try:
            rights_of((), held, roles)
        except Misconfigured as error:
            wrong.append(f"The key of {each['id']} permits nothing. {error}")
    return wrong
