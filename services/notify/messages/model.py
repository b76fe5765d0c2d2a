"""One message to one person about one cause, and its life.

    queued ──▶ sending ──▶ sent ──────┐
      ▲           │  └───▶ failed ────┼──▶ acknowledged
      └─ later ◀──┘        refused ───┤
                           covered ───┘

`sending` is held by a lease. When the sender dies, the lease expires and the message is due again.
`covered` is not sent: an open alarm of the same case asks already, and its acknowledgement counts for both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import NAMESPACE_URL, uuid5

from services.notify.messages.refusals import MEANING
from services.notify.roster.model import Recipient


class State(StrEnum):
    """The state of a message."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    REFUSED = "refused"
    COVERED = "covered"
    ACKNOWLEDGED = "acknowledged"


@dataclass(frozen=True)
class Note:
    """One line of a message's history: when, what, and a coded reason."""

    at: datetime
    what: str
    reason: str = ""


@dataclass
class Message:
    """One notification with its recipient, cause and history. It holds references only, never an address or a text.

    `ladder` and `position` say which step of which escalation this is; `escalate_at` is the deadline for an
    acknowledgement, None when none is expected. `next_attempt` is when it is due, and while sending, when the lease ends.
    `event` (the type of event that it is about, empty for one about an undelivered message), `urgency`, `gravity` and `about` (a
    need, or nothing) are the kind of alarm; `covered_by` is the cause whose ladder asks instead.
    `urgent` is the flag of the policy's rule, whatever the urgency of the case; notify's own events carry it.
    `held_since` is set while the channel's whole account is refused, also for one that was not tried until its deadline.
    `asked` is the last request for the address of a person who is on no roster.
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
    urgency: str = ""
    about: str = ""
    gravity: int = 0
    event: str = ""
    covered_by: str | None = None
    held_since: datetime | None = None
    asked: str | None = None
    notes: list[Note] = field(default_factory=list)
    revision: int = 0

    @property
    def reference(self) -> str:
        """Return what the recipient reads aloud or types. It identifies the message here and means nothing elsewhere."""
        digits = self.id.replace("-", "")[:8].upper()
        return f"{digits[:4]}-{digits[4:]}"

    @property
    def meaning(self) -> str:
        """Return the reason why it is not sent as a sentence, or nothing."""
        return MEANING.get(self.reason, "")

    @property
    def has_not_left(self) -> bool:
        """Return True while no try of it has counted, the present one aside: it is new, or the whole account is refused."""
        tries = self.attempts - (1 if self.state is State.SENDING else 0)
        return self.state in {State.QUEUED, State.SENDING} and (tries <= 0 or self.held_since is not None)

    def is_leased_by(self, lease: str) -> bool:
        """Return True if the sender with this lease still has the message."""
        return self.state is State.SENDING and self.lease == lease

    def wait_to_leave(self, at: datetime, within: timedelta) -> None:
        """Postpone its deadline, because it has not left and there is no one else to ask."""
        self.held_since, self.escalate_at = self.held_since or at, at + within

    def was_sent(self, at: datetime, within: timedelta | None = None) -> None:
        """Mark it as accepted by the channel. After a wait for the account the recipient has the full time."""
        self._leave_sending(State.SENT, at, "sent")
        if self.held_since and self.escalate_at and within:
            self.escalate_at = at + within
        self.held_since = None

    def wait_for_account(self, at: datetime, due: datetime, reason: str) -> None:
        """Postpone it because no message gets through at present. This does not count as a try."""
        notes = list(self.notes)
        first = not notes or notes[-1].what != "held"
        self._leave_sending(State.QUEUED, at, "held", reason)
        if not first:
            self.notes = notes  # one line for the whole wait
        self.held_since, self.next_attempt, self.attempts = self.held_since or at, due, max(0, self.attempts - 1)

    def try_later(self, at: datetime, due: datetime, reason: str) -> None:
        """Postpone it because the channel could not accept it now."""
        self._leave_sending(State.QUEUED, at, "postponed", reason)
        self.held_since, self.next_attempt = None, due

    def was_answered(self, at: datetime) -> None:
        """Do not try it again, because its cause was acknowledged meanwhile, or another alarm that is being asked covers it."""
        self._leave_sending(State.COVERED, at, "covered")
        self.held_since = None

    def ask_for_address(self, at: datetime, due: datetime) -> str:
        """Postpone it until its address is handed over, and return the id of the request: that of the lease. It is no try."""
        request, notes, reason = self.lease or "", list(self.notes), self.reason
        self._leave_sending(State.QUEUED, at, "address_asked", reason)
        if notes and notes[-1].what in {"address_asked", "address_waits"}:
            self.notes = notes  # one line for the whole wait
        self.asked, self.next_attempt, self.attempts = request, due, max(0, self.attempts - 1)
        return request

    def address_came(self, at: datetime) -> None:
        """Let it be sent now."""
        self.next_attempt, self.reason = at, ""

    def wait_for_address(self, at: datetime, due: datetime, reason: str) -> None:
        """Ask again later: the person may not be contacted now."""
        if (self.notes[-1].what, self.notes[-1].reason) != ("address_waits", reason):
            self.notes.append(Note(at, "address_waits", reason))
        self.next_attempt, self.reason = due, reason

    def was_refused(self, at: datetime, reason: str) -> None:
        """Mark it as refused: the person must not be contacted."""
        self.state, self.reason, self.next_attempt = State.REFUSED, reason, None
        self.notes.append(Note(at, "refused", reason))

    def has_failed(self, at: datetime, reason: str) -> None:
        """Mark it as failed, because the channel will not accept it."""
        self._leave_sending(State.FAILED, at, "failed", reason)
        self.held_since = None

    def was_acknowledged(self, at: datetime, by: str) -> None:
        """Mark it as acknowledged, in whatever state it was: no one else needs to be notified."""
        self.state, self.acknowledged_by = State.ACKNOWLEDGED, by
        self.next_attempt = self.escalate_at = self.lease = self.held_since = None
        self.notes.append(Note(at, "acknowledged"))

    def stop_waiting(self, at: datetime, what: str) -> None:
        """Stop waiting for an acknowledgement of this message."""
        self.escalate_at = None
        self.notes.append(Note(at, what))

    def cover(self, at: datetime, by: str, what: str = "covered") -> None:
        """Let another cause's ladder ask instead. The present try of a message that is being sent is its last."""
        self.covered_by, self.escalate_at = by, None
        if self.state is State.QUEUED:
            self.state, self.next_attempt, self.held_since = State.COVERED, None, None
        self.notes.append(Note(at, what))

    def stop_asking(self, at: datetime) -> None:
        """Stop asking by this message, because another acknowledgement covers its cause."""
        if self.state is State.QUEUED:
            self.state, self.next_attempt, self.held_since = State.COVERED, None, None
        if self.escalate_at:
            self.stop_waiting(at, "answered_by_another")

    def fail_uncovered(self, at: datetime, reason: str) -> None:
        """Mark it as failed, because the ladder that asked instead ended without an acknowledgement."""
        self.state, self.reason = State.FAILED, reason
        self.notes.append(Note(at, "failed", reason))

    def asks_instead(self, at: datetime, step: Message) -> None:
        """Make this message the next step of its own ladder: the alarm that covered it no longer asks, or it can be sent now."""
        self.covered_by, self.position = None, step.position
        self.ask_again(at, step.channel, (step.escalate_at or at) - at)

    def ask_again(self, at: datetime, channel: str, within: timedelta) -> None:
        """Queue it because its recipient can be reached now. Its ladder continues from here."""
        self.state, self.reason, self.channel, self.attempts = State.QUEUED, "", channel, 0
        self.next_attempt, self.escalate_at = at, at + within
        self.notes.append(Note(at, "queued"))

    def _leave_sending(self, state: State, at: datetime, what: str, reason: str = "") -> None:
        """Record a try. Raises RuntimeError when the message is not being sent."""
        if self.state is not State.SENDING:
            raise RuntimeError(f"The message is {self.state}.")
        self.state, self.reason, self.lease, self.next_attempt = state, reason, None, None
        self.notes.append(Note(at, what, reason))


def message_id(cause: str, recipient: Recipient, template: str, repetition: int = 0) -> str:
    """Return the one id of a message for this cause, recipient and template, so that a repeated event notifies once.

    A UUID of version 5 (RFC 9562), because the cause is unguessable already. `repetition` counts deliberate reminders.
    """
    return str(uuid5(NAMESPACE_URL, f"ngao:message:{cause}:{recipient}:{template}:{repetition}"))
