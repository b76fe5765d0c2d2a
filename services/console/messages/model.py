"""What the pages decide about messages: which the address asks for, and where the reference of one leads."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

STATES = ("queued", "sending", "sent", "acknowledged", "refused", "failed", "covered")
FILTERED = ("failed", "refused", "sent", "queued", "acknowledged")
"""The states that the page offers as filters, those first that need a person."""
QUARANTINE = "quarantine:"
"""How the reference of an alarm about unreadable forms begins: it has no case."""

_PERSON = "DEF-"
"""How the reference of an alarm about a person without a case begins."""


def leads_to(messages: Iterable[Mapping[str, Any]], reference: str) -> str | None:
    """Return where the reference in a message leads: to its case, to the forms that could not be read, or nowhere.

    A reference is short. If messages about several cases have the same one, a person has to choose.
    """
    subjects = list(dict.fromkeys(str(each.get("case_ref", "")) for each in messages))
    if len(subjects) > 1:
        return f"/messages?reference={reference}"
    if not subjects or not subjects[0]:
        return None
    if subjects[0].startswith(_PERSON):
        return f"/d/{subjects[0]}"
    return "/quarantine" if subjects[0].startswith(QUARANTINE) else f"/c/{subjects[0]}"
