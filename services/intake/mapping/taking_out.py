"""Choose which places of a report go when fields are invalid, and in which order, so that nothing else goes with them."""

from __future__ import annotations

import re
from collections.abc import Collection

from ngao.contracts import FieldError

# What goes when one of its parts cannot be read, because the rest of it would mean something else.
_WHOLE = re.compile(
    r"^(/violations/\d+(?=/type)|/violations/\d+/perpetrators/\d+(?=/type)|/consent/\d+(?=/(?:purpose|recipient|until|scope/\d))"
    r"|/location(?=/)|/attachments/\d+(?=/)|/contact_safety/hours(?=/))"
)


def taken_out(broken: Collection[FieldError]) -> list[tuple[str, str]]:
    """Return each place to remove with what is wrong in it, the last items of a list first, so that the others keep their places.

    A place is named once, whatever is wrong in it: taken out twice, it would be the next item of its list that goes.
    """
    pointers = {error.pointer for error in broken}
    due: dict[str, str] = {}
    for error in broken:
        if error.code != "length" or not any(other.startswith(f"{error.pointer}/") for other in pointers):
            whole = _WHOLE.match(error.pointer)
            place = whole[1] if whole else error.pointer
            due[place] = error.code if due.get(place, error.code) == error.code else "broken"
    return sorted(due.items(), key=lambda each: _order(each[0]), reverse=True)


def _order(pointer: str) -> list[tuple[int, str]]:
    return [(int(step), "") if step.isdigit() else (-1, step) for step in pointer.split("/")[1:]]
