"""JSON pointers (RFC 6901): fill a document by them, and look up, replace and remove what is at one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise
from typing import Any


def escape(step: str) -> str:
    """Return a name as a step of a pointer."""
    return step.replace("~", "~0").replace("/", "~1")


def assign(document: dict[str, Any], pointer: str, value: Any) -> None:
    """Put a value at a pointer, making the objects and lists on the way; a number as a step makes a list."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    here: Any = document
    for step, following in pairwise(steps):
        here = _entered(here, step, [] if following.isdigit() else {})
    _entered(here, steps[-1], None)
    here[int(steps[-1]) if isinstance(here, list) else steps[-1]] = value


def _entered(here: Any, step: str, fresh: Any) -> Any:
    if isinstance(here, dict):
        return here.setdefault(step, fresh)
    at = int(step)
    while len(here) <= at:
        here.append(type(fresh)() if fresh is not None else None)
    return here[at]


def items_at(document: Mapping[str, Any], pointer: str) -> int:
    """Return how many items the list at a pointer has; 0 if there is none."""
    here: Any = document
    for step in pointer.split("/")[1:]:
        here = here.get(step) if isinstance(here, Mapping) else None
    return len(here) if isinstance(here, list) else 0


def leaves(value: Any, pointer: str = "", *, lists: bool = False) -> Iterator[tuple[str, Any]]:
    """Yield every value that holds no other, with its pointer; with `lists`, every list of such values instead."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from leaves(item, f"{pointer}/{name}", lists=lists)
    elif isinstance(value, list):
        if lists and value and not any(isinstance(item, dict | list) for item in value):
            yield pointer, value
        for at, item in enumerate(value):
            yield from leaves(item, f"{pointer}/{at}", lists=lists)
    elif not lists:
        yield pointer, value


def value_at(document: Any, pointer: str) -> Any:
    """Return the value at a pointer, or None."""
    here = document
    for step in pointer.split("/")[1:]:
        if isinstance(here, list):
            here = here[int(step)] if step.isdigit() and int(step) < len(here) else None
        else:
            here = here.get(step) if isinstance(here, dict) else None
    return here


def replace_at(document: Any, pointer: str, value: Any) -> None:
    """Replace the value at a pointer."""
    head, _, last = pointer.rpartition("/")
    holder = value_at(document, head)
    holder[int(last) if isinstance(holder, list) else last] = value


def remove_at(document: Any, pointer: str) -> None:
    """Remove what is at a pointer, if there is anything."""
    head, _, last = pointer.rpartition("/")
    holder = value_at(document, head)
    if isinstance(holder, list):
        if last.isdigit() and int(last) < len(holder):
            del holder[int(last)]
    elif isinstance(holder, dict):
        holder.pop(last, None)
