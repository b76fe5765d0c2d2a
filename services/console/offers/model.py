"""What the pages say of an offer: what can be answered now, in which order offers are listed, and how long is left."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from services.console.values import moment_of

OPEN, AT_WORK = frozenset({"offered", "received"}), frozenset({"accepted", "started"})
READABLE = frozenset({"accepted", "started", "completed"})
"""The states in which people of the partner may open what was sealed to it."""
_ANSWERS = {
    "offered": ("accept", "decline"),
    "received": ("accept", "decline"),
    "accepted": ("start", "complete", "fail"),
    "started": ("complete", "fail"),
}
_LAST = datetime.max.replace(tzinfo=UTC)
_FIRST = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True)
class Left:
    """How long is left until a deadline, in whole minutes; None of both if it has passed."""

    hours: int | None
    minutes: int | None


@dataclass(frozen=True)
class Row:
    """One offer. `place` is a county's code or, where the offer shows less, a region's name."""

    offer_id: str
    case_ref: str
    need: str
    urgency: str
    state: str
    county: str
    region: str
    languages: tuple[str, ...]
    contact: str
    narrative: str
    due: datetime | None
    ended_at: datetime | None
    to_sign: str = ""
    signing_key: str = ""

    @property
    def is_open(self) -> bool:
        """Return True if it waits for an answer."""
        return self.state in OPEN

    @property
    def answers(self) -> tuple[str, ...]:
        """The answers that are possible now."""
        return _ANSWERS.get(self.state, ())

    @property
    def parts(self) -> tuple[str, ...]:
        """The parts that were sealed to the partner and may be opened now."""
        given = {"contact": self.contact, "narrative": self.narrative}
        return tuple(part for part, answer in given.items() if answer == "disclosed") if self.state in READABLE else ()

    @property
    def rank(self) -> tuple[int, float, str]:
        """The order of the list: offers without an answer, by deadline; those at work; those that ended, the newest first."""
        if self.is_open:
            return (0, (self.due or _LAST).timestamp(), self.offer_id)
        if self.state in AT_WORK:
            return (1, (self.due or _LAST).timestamp(), self.offer_id)
        return (2, -(self.ended_at or _FIRST).timestamp(), self.offer_id)


def row_of(offer: Mapping[str, Any]) -> Row:
    """Return the row of an offer as referral shows it."""
    words = (
        "offer_id",
        "case_ref",
        "need",
        "urgency",
        "state",
        "county",
        "region",
        "contact",
        "narrative",
        "to_sign",
        "signing_key",
    )
    return Row(
        **{name: str(offer.get(name) or "") for name in words},
        languages=tuple(offer.get("languages") or ()),
        due=moment_of(offer.get("due")),
        ended_at=moment_of(offer.get("ended_at")),
    )


def left(due: datetime, now: datetime) -> Left:
    """Return how long is left until a deadline."""
    minutes = int((due - now).total_seconds()) // 60
    return Left(*divmod(minutes, 60)) if minutes >= 0 else Left(None, None)
