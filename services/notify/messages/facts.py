"""The parts of an event that planning needs: references and codes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Facts:
    """One event as a cause to notify people.

    `cause` is the event's id; `urgency` is empty if the event has none. `about` is the number of the
    need that it concerns; `raised` means that the urgency is higher than it was.
    """

    cause: str
    type: str
    case_ref: str
    urgency: str = ""
    partner_id: str | None = None
    about: str = ""
    raised: bool = False
