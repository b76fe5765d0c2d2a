"""What the pages of signs of life decide: in which order they are shown, and what a form agrees on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

_FIRST = ("verifying", "missed", "active")
_MOST_CONTACTS = 2


def in_order(checkins: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Return those first that need a human, then by when they are due."""
    order = {state: at for at, state in enumerate(_FIRST)}
    return sorted(checkins, key=lambda each: (order.get(each["state"], len(order)), each["due_at"]))


def plan_of(typed: Mapping[str, str], zone: str) -> dict[str, Any]:
    """Return the plan that a form states. What is left empty is left to the rules of its kind."""
    plan: dict[str, Any] = {
        "kind": typed.get("kind", ""),
        "due": typed.get("due", "")[:16],
        "zone": zone,
        "daily": typed.get("daily") == "yes",
        "safe_word": typed.get("safe_word", ""),
        "help_word": typed.get("help_word", ""),
        "contacts": [each for at in range(1, _MOST_CONTACTS + 1) if (each := _contact(typed, at))],
        "note": typed.get("note", ""),
    }
    if typed.get("county"):
        plan["county"] = typed["county"]
    if typed.get("share") == "yes":
        plan["share"] = ["contact"]
    return plan


def _contact(typed: Mapping[str, str], at: int) -> dict[str, str]:
    given = {name: typed.get(f"{name}{at}", "").strip() for name in ("name", "phone", "relation")}
    return given if given["name"] or given["phone"] else {}
