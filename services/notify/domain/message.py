"""One message to one person about one cause, and its life.

    queued ──▶ sending ──▶ sent ──────┐
      ▲           │  └───▶ failed ────┼──▶ acknowledged
      └─ later ◀──┘        refused ───┘

`sending` is held by a lease; when the sender dies, the lease runs out and the message is due again.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import NAMESPACE_URL, uuid5

from services.notify.domain.errors import NotOpenNow
from services.notify.domain.people import Recipient


class State(StrEnum):
    """Where a message is in its life."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    REFUSED = "refused"
    ACKNOWLEDGED = "acknowledged"


@dataclass(frozen=True)
class Note:
    """One line of a message's history: when, what, and a coded reason."""

    at: datetime
    what: str
    reason: str = ""


@dataclass
class Message:
    """What is to be told, to whom, why, and what became of it; by reference only, never an address or a text.

    `ladder` and `position` say which step of which escalation this is; `escalate_at` is the deadline for an
    acknowledgement, None when nobody waits for one. `next_attempt` is when it is due, and while sending, when the lease ends.
    """

    id: str
    cause: str
    case_ref: str
    recipient: Recipient
    template: str
    channel: str
    urgent: bool
    policy_version: str
    created_at: datetime
    state: State = State.QUEUED
    reason: str = ""
    attempts: int = 0
    next_attempt: datetime | None = None
    lease: str | None = None
    ladder: str | None = None
    position: int = 0
    escalate_at: datetime | None = None
    acknowledged_by: str | None = None
    notes: list[Note] = field(default_factory=list)
    revision: int = 0

    @property
    def reference(self) -> str:
        """What the recipient reads aloud or types: it names the message here and resolves to nothing elsewhere."""
        digits = self.id.replace("-", "")[:8].upper()
        return f"{digits[:4]}-{digits[4:]}"

    def is_held_by(self, lease: str) -> bool:
        """True if the sender with this lease still has the message."""
        return self.state is State.SENDING and self.lease == lease

    def was_sent(self, at: datetime) -> None:
        """The channel took it over; raises NotOpenNow."""
        self._leave_sending(State.SENT, at, "sent")

    def try_later(self, at: datetime, due: datetime, reason: str) -> None:
        """The channel could not take it now; raises NotOpenNow."""
        self._leave_sending(State.QUEUED, at, "postponed", reason)
        self.next_attempt = due

    def has_failed(self, at: datetime, reason: str) -> None:
        """The channel will not take it; raises NotOpenNow."""
        self._leave_sending(State.FAILED, at, "failed", reason)

    def was_acknowledged(self, at: datetime, by: str) -> None:
        """A human has seen it, by whatever way; whatever state it was in, nobody needs to be told more."""
        self.state, self.acknowledged_by = State.ACKNOWLEDGED, by
        self.next_attempt = self.escalate_at = self.lease = None
        self.notes.append(Note(at, "acknowledged"))

    def stop_waiting(self, at: datetime, what: str) -> None:
        """Nobody waits for an acknowledgement of this message any more."""
        self.escalate_at = None
        self.notes.append(Note(at, what))

    def _leave_sending(self, state: State, at: datetime, what: str, reason: str = "") -> None:
        if self.state is not State.SENDING:
            raise NotOpenNow(self.state)
        self.state, self.reason, self.lease, self.next_attempt = state, reason, None, None
        self.notes.append(Note(at, what, reason))


def message_id(cause: str, recipient: Recipient, template: str, repetition: int = 0) -> str:
    """The one id of a message for this cause, recipient and template, so that an event heard twice tells once.

    A UUID of version 5 (RFC 9562), because the cause is unguessable already. `repetition` counts deliberate reminders.
    """
    return str(uuid5(NAMESPACE_URL, f"ngao:message:{cause}:{recipient}:{template}:{repetition}"))
