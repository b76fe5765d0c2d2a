"""Choose which parts of a report are removed when fields are invalid, and in which order, so that nothing else is lost."""

from __future__ import annotations

import re
from collections.abc import Collection

from ngao.contracts import FieldError

# What is removed when one of its parts cannot be read, because the rest of it would mean something else.
_WHOLE = re.compile(
    r"^(/violations/\d+(?=/type)|/violations/\d+/perpetrators/\d+(?=/type)|/consent/\d+(?=/(?!scope$))"
    r"|/location(?=/)|/attachments/\d+(?=/)|/contact_safety/hours(?=/))"
)


def pointers_to_remove(broken: Collection[FieldError]) -> list[tuple[str, str]]:
    """Return each pointer to remove and what is wrong there, the last items of a list first, so that others keep their numbers.

    Each is returned once, whatever is wrong there: removed twice, it would cost the next item of its list.
    """
    pointers = {error.pointer for error in broken}
    due: dict[str, str] = {}
    for error in broken:
        if error.code != "length" or not any(other.startswith(f"{error.pointer}/") for other in pointers):
            whole = _WHOLE.match(error.pointer)
            pointer = whole[1] if whole else error.pointer
            due[pointer] = error.code if due.get(pointer, error.code) == error.code else "broken"
    return sorted(due.items(), key=lambda each: _order(each[0]), reverse=True)


def _order(pointer: str) -> list[tuple[int, str]]:
    return [(int(step), "") if step.isdigit() else (-1, step) for step in pointer.split("/")[1:]]
