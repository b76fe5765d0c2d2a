"""The alarm of a case: whether a human is asked, has acknowledged it, or every ladder has ended."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from services.notify.ladders.planning import Situation, is_worse
from services.notify.messages.model import Message, State


class AlarmState(StrEnum):
    """The state of a case's alarm."""

    ASKED = "asked"
    ACKNOWLEDGED = "seen"
    UNACKNOWLEDGED = "unheard"


@dataclass(frozen=True)
class AlarmRecord:
    """One record per case. Every unit that changes an alarm of the case writes it, so that two of them exclude one another."""

    case_ref: str
    state: AlarmState
    since: datetime
    revision: int = 0


@dataclass(frozen=True)
class CaseOwner:
    """The operator who owns a case, as referral published it. An event of a lower sequence than this one changes nothing."""

    case_ref: str
    owner: str
    sequence: int = 0
    revision: int = 0


def state_of(alarms: Collection[Message]) -> AlarmState:
    """Return the state of one case's messages on ladders. An ended ladder is unacknowledged, even if its mail was delivered."""
    if any(message.escalate_at for message in alarms):
        return AlarmState.ASKED
    return AlarmState.UNACKNOWLEDGED if unacknowledged(alarms) else AlarmState.ACKNOWLEDGED


def acknowledged_with(situation: Situation, message: Message, alarms: Collection[Message]) -> list[Message]:
    """Return what this message's acknowledgement also covers: its ladder, the messages it covers, and lesser alarms before it.

    A graver alarm is not among them, even if it covers this message.
    """
    before = {
        other.cause for other in alarms if other.created_at <= message.created_at and not is_worse(situation, other, message)
    }
    causes = before | {message.cause}
    return [
        other
        for other in alarms
        if other.id != message.id and other.state is not State.ACKNOWLEDGED and causes & {other.cause, other.covered_by}
    ]


def alarm_beside(message: Message, alarms: Collection[Message]) -> Message | None:
    """Return the last alarm about the event that a message on no ladder is about, or None.

    The last, because each step of a ladder is an alarm of its own, and the recipient of the last one is asked at present.
    """
    return next((other for other in reversed(list(alarms)) if other.cause == message.cause), None)


def alarm_to_ask_again(situation: Situation, alarms: Collection[Message]) -> Message | None:
    """Return the gravest unacknowledged message that was not delivered and whose recipient can be reached now.

    Of equally grave ones it is that to the first person of the ladder.
    """
    undelivered = (State.REFUSED, State.FAILED)
    best: Message | None = None
    for message in sorted(unacknowledged(alarms), key=lambda each: each.position):
        if message.state not in undelivered or message.covered_by is not None or not situation.reaches(message.recipient):
            continue
        if best is None or is_worse(situation, message, best):
            best = message
    return best


def is_answered(message: Message, alarms: Collection[Message]) -> bool:
    """Return True if no one needs a message on a ladder: its cause is acknowledged, or an alarm that is being asked covers it.

    Of a message that is not among the alarms, because its case has very many newer ones, nothing is known: it is not answered.
    """
    if message not in alarms:
        return False
    asked = {alarm.cause for alarm in alarms if alarm.escalate_at}
    return message.covered_by in asked or not any(alarm.cause == message.cause for alarm in unacknowledged(alarms))


def unacknowledged(alarms: Collection[Message]) -> list[Message]:
    """Return the messages whose cause has no acknowledgement. An acknowledged message does not acknowledge what covers it."""
    acknowledged = {message.cause for message in alarms if message.state is State.ACKNOWLEDGED}
    return [message for message in alarms if message.cause not in acknowledged]
