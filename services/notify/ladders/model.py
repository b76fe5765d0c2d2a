"""The alarm of a case: whether a human is being asked, has seen it, or was not reached."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.notify.ladders.planning import Situation, is_worse
from services.notify.messages.model import Message, State


class AlarmState(StrEnum):
    """How a case's alarm stands."""

    ASKED = "asked"
    SEEN = "seen"
    UNHEARD = "unheard"


@dataclass(frozen=True)
class Alarm:
    """One record a case. Every unit that changes an alarm of the case writes it, so that two of them exclude one another."""

    case_ref: str
    state: AlarmState
    since: datetime
    revision: int = 0


def state_of(standing: Collection[Message]) -> AlarmState:
    """How the messages on ladders of one case stand: an ended ladder that nobody has acknowledged is unheard."""
    if any(each.escalate_at for each in standing):
        return AlarmState.ASKED
    return AlarmState.UNHEARD if unseen(standing) else AlarmState.SEEN


def answered_with(situation: Situation, message: Message, standing: Collection[Message]) -> list[Message]:
    """What an acknowledgement of this message counts for beside it: its ladder, what that covers, and lesser alarms before it.

    A graver alarm is not among them, even if it covers this message.
    """
    before = {each.cause for each in standing if each.created_at <= message.created_at and not is_worse(situation, each, message)}
    causes = before | {message.cause}
    return [
        each for each in standing
        if each.id != message.id and each.state is not State.ACKNOWLEDGED and causes & {each.cause, each.covered_by}
    ]  # fmt: skip


def alarm_beside(message: Message, standing: Collection[Message]) -> Message | None:
    """The alarm about the same event as a letter on no ladder: the last one made, because its reader is asked at present."""
    return next((each for each in reversed(list(standing)) if each.cause == message.cause), None)


def to_ask_again(situation: Situation, standing: Collection[Message]) -> Message | None:
    """The gravest message of an unheard case whose reader could not be reached, and can be now."""
    lost = (State.REFUSED, State.FAILED)
    best: Message | None = None
    for each in unseen(standing):
        if each.state not in lost or each.covered_by is not None or not situation.reaches(each.recipient):
            continue
        if best is None or is_worse(situation, each, best):
            best = each
    return best


def unseen(standing: Collection[Message]) -> list[Message]:
    """The messages about causes that nobody has acknowledged; what covers an acknowledged one is not acknowledged by it."""
    seen = {each.cause for each in standing if each.state is State.ACKNOWLEDGED}
    return [each for each in standing if each.cause not in seen]
