"""An address that was handed over, as it is kept until its message is sent: a box that only notify's own key opens."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime


@dataclass(frozen=True)
class Handed:
    """The box for one message (`message_id`), for the request `ask_id`, until a moment."""

    message_id: str
    ask_id: str
    case_ref: str
    channel: str
    key_id: str
    until: datetime
    box: bytes = field(repr=False)
    revision: int = 0
