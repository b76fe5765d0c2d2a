"""What the forms about trainings decide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

STATES = ("invited", "attended", "absent", "declined")


def session_of(typed: Mapping[str, str]) -> dict[str, Any]:
    """Return what was typed as the registry reads it; a number of places that is none stays as it is and is refused there."""
    body: dict[str, Any] = {name: typed[name] for name in ("programme", "day", "county") if typed.get(name)}
    places = typed.get("places", "").strip()
    return body | ({"places": int(places)} if places.isascii() and places.isdigit() else {})


def entry_of(typed: Mapping[str, str]) -> dict[str, Any]:
    """Return what a person is to a session: not ticked, she does not agree to be counted."""
    return {"session_id": typed.get("session", ""), "state": typed.get("state", ""), "counted": "counted" in typed}


def field_refused(errors: Iterable[Mapping[str, Any]]) -> str:
    """Return the code of the sentence for the first field that the registry refused."""
    first = next(iter(errors), {})
    name = str(first.get("pointer", "")).strip("/")
    if name == "state" and first.get("code") == "in_the_future":
        return "not_yet"
    name = {"session_id": "session"}.get(name, name)
    return name if name in {"programme", "day", "county", "places", "session", "state"} else "other"
