"""What the use cases need from outside."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Protocol

from services.notify.channels.letter import Letter, Outcome
from services.notify.ladders.model import Alarm
from services.notify.messages.model import Message
from services.notify.roster.model import Contact, ContactSummary, Recipient


class Messages(Protocol):
    """The messages there are; what is added or saved is stored when the unit of work is."""

    def find(self, message_id: str) -> Message | None:
        """One message."""
        ...

    def add(self, message: Message) -> None:
        """Keep a new message; a second one with the same id makes the unit conflict."""
        ...

    def save(self, message: Message) -> None:
        """Keep a changed message."""
        ...

    def alarms_of(self, case_ref: str) -> Sequence[Message]:
        """The messages of a case that are on a ladder, oldest first."""
        ...

    def overdue(self, now: datetime, furthest: timedelta, limit: int) -> Sequence[str]:
        """The ids of messages whose acknowledgement did not come in time (see Policy.is_over), urgent ones first."""
        ...


class Alarms(Protocol):
    """One record for each case that has had an alarm."""

    def find(self, case_ref: str) -> Alarm | None:
        """The record of one case."""
        ...

    def put(self, alarm: Alarm) -> None:
        """Keep it; the unit conflicts if somebody else has written it since it was read."""
        ...


class Claims(Protocol):
    """Hands out due messages, each to one sender at a time."""

    def claim(self, now: datetime, lease: timedelta, *, urgent_only: bool, oldest_first: bool = False) -> Message | None:
        """Take the most urgent due message for the time of the lease, atomically; None when nothing is due.

        `oldest_first` takes turns among all: a letter that is refused again and again does not hold the others.
        """
        ...


class Roster(Protocol):
    """Duty officers and partner contacts."""

    def contact(self, recipient: Recipient) -> Contact | None:
        """A recipient's entry without the address."""
        ...

    def address(self, recipient: Recipient) -> str | None:
        """A recipient's address, opened for sending."""
        ...

    def put(self, contact: Contact, address: str) -> None:
        """Keep an entry, sealing the address; one that was taken off is on again."""
        ...

    def remove(self, recipient: Recipient, now: datetime) -> bool:
        """Note that somebody is taken off; False when they are not on it."""
        ...

    def removed(self, before: datetime, limit: int) -> Sequence[Recipient]:
        """Who was taken off before this."""
        ...

    def destroy(self, recipient: Recipient) -> Recipient:
        """Register the end of an entry and of the key that opens its address."""
        ...


class ContactSummaries(Protocol):
    """What the registry said about contacting each case's defender."""

    def find(self, case_ref: str) -> ContactSummary | None:
        """The summary of one case."""
        ...

    def put(self, summary: ContactSummary) -> None:
        """Keep a summary."""
        ...


class Announcer(Protocol):
    """Says what became of a message; the event exists if and only if the change does."""

    def sent(self, message: Message) -> None:
        """The channel took it."""
        ...

    def failed(self, message: Message, next_step: str) -> None:
        """It is lost, and who is told instead."""
        ...

    def refused(self, message: Message) -> None:
        """It will not be sent."""
        ...

    def acknowledged(self, message: Message) -> None:
        """A human has seen it."""
        ...


class Channel(Protocol):
    """A way to reach people. It never raises for what the far side does, and answers within a bounded time."""

    kind: str

    def send(self, letter: Letter) -> Outcome:
        """Try once."""
        ...
