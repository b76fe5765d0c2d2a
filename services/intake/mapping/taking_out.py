"""Which places of a report go when fields are broken, and in which order, so that nothing else goes with them."""

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
    """Each place that goes with what is wrong in it, the last items of a list first, so that the others keep their places.

    A place is named once, whatever is wrong in it: taken out twice, it would be the next item of its list that goes.
    """
    pointers = {each.pointer for each in broken}
    due: dict[str, str] = {}
    for each in broken:
        if each.code != "length" or not any(other.startswith(f"{each.pointer}/") for other in pointers):
            whole = _WHOLE.match(each.pointer)
            place = whole[1] if whole else each.pointer
            due[place] = each.code if due.get(place, each.code) == each.code else "broken"
    return sorted(due.items(), key=lambda each: _order(each[0]), reverse=True)


def _order(pointer: str) -> list[tuple[int, str]]:
    return [(int(step), "") if step.isdigit() else (-1, step) for step in pointer.split("/")[1:]]
