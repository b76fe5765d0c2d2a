"""What the board says of a case: how urgent, whether a person has seen it, whose turn it is, and until when."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Any

from services.console.values import moment_of

URGENCIES = ("critical", "high", "medium", "low")
_SEEN = {"acknowledged"}
_LAST = datetime.max.replace(tzinfo=UTC)


class Turn(StrEnum):
    """Who has to act next."""

    YOURS = "yours"
    PARTNER = "partner"
    SERVICE = "service"
    NO_ONE = "no_one"


@dataclass(frozen=True)
class Row:
    """One case on the board. `alarms` are the messages that no one has acknowledged."""

    case_ref: str
    urgency: str
    state: str
    county: str
    owner: str | None
    turn: Turn
    needs: tuple[tuple[str, str], ...]
    created_at: datetime
    due: datetime | None
    alarms: tuple[str, ...] = ()

    @property
    def is_unseen(self) -> bool:
        """Return True if an alarm about it waits for a person."""
        return bool(self.alarms)

    def is_unattended(self, able: Container[str]) -> bool:
        """Return True if no one owns it, or its owner is not one of those able to: their account may be closed."""
        return self.owner is None or self.owner not in able

    @property
    def rank(self) -> tuple[int, int, datetime, str]:
        """The order on the board: critical and unseen first, then by urgency and deadline."""
        grave = URGENCIES.index(self.urgency) if self.urgency in URGENCIES else 0
        return (0 if self.is_unseen and grave == 0 else 1, grave, self.due or _LAST, self.case_ref)

    @property
    def tag(self) -> str:
        """A hash of the row, which is another one as soon as the row says something else."""
        return sha256(repr((*vars(self).items(),)).encode()).hexdigest()[:16]


def row_of(case: Mapping[str, Any], alarms: Iterable[str] = ()) -> Row:
    """Return the row of a case as referral shows it."""
    needs = tuple((str(each["need"]), str(each["state"])) for each in case.get("needs", ()))
    return Row(
        case_ref=str(case["case_ref"]),
        urgency=str(case["urgency"]),
        state=str(case["state"]),
        county=str(case.get("county", "")),
        owner=case.get("owner"),
        turn=_turn(str(case["state"]), {state for _, state in needs}),
        needs=needs,
        created_at=datetime.fromisoformat(case["created_at"]),
        due=moment_of(case.get("next_deadline")),
        alarms=tuple(sorted(alarms)),
    )


def rows_of(cases: Iterable[Mapping[str, Any]], alarms: Mapping[str, Iterable[str]]) -> list[Row]:
    """Return the rows of cases in the order of the board. Of a case that was listed twice, the later answer counts."""
    found = {str(case["case_ref"]): case for case in cases}
    return sorted((row_of(case, alarms.get(case_ref, ())) for case_ref, case in found.items()), key=lambda row: row.rank)


def messages_of(case_ref: str) -> str:
    """Return where notify lists the messages of a case, for its page and for the act that confirms their alarms."""
    return f"/v1/messages?case_ref={case_ref}&limit=500"


def unseen_alarms(messages: Iterable[Mapping[str, Any]]) -> dict[str, list[str]]:
    """Return, for each case, the messages of ladders whose cause no one has acknowledged.

    Who acknowledges one step of a ladder has seen its cause: notify asks no one else, and leaves the steps before as they are.
    """
    alarms = [each for each in messages if each.get("ladder")]
    seen = {_cause(each) for each in alarms if each.get("state") in _SEEN or each.get("acknowledged_by")}
    found: dict[str, list[str]] = {}
    for each in alarms:
        if _cause(each) not in seen:
            found.setdefault(str(each["case_ref"]), []).append(str(each["message_id"]))
    return found


def _cause(message: Mapping[str, Any]) -> tuple[str, str]:
    return str(message["case_ref"]), str(message.get("cause") or message["message_id"])


def _turn(state: str, needs: set[str]) -> Turn:
    if state == "closed":
        return Turn.NO_ONE
    if "with_human" in needs:
        return Turn.YOURS
    return Turn.PARTNER if "placed" in needs else Turn.SERVICE
