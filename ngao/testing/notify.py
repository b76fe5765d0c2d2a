"""Notify in memory: its repositories are subclasses of the real ones, so that use cases run without a store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from ngao.chassis.security.identity import Principal
from ngao.chassis.storage.unit_of_work import Unit
from ngao.testing.memory import SHIPPED_POLICY, MemoryRepository, Records, ServiceInMemory, unit_in_memory
from services.notify.channels.channel import Channel
from services.notify.channels.outgoing import Outcome, OutgoingMessage, Result
from services.notify.context import Context
from services.notify.handed.model import Handed
from services.notify.handed.store import HandedRepository, UsedOnce
from services.notify.ladders.model import AlarmRecord, AlarmState, CaseOwner
from services.notify.ladders.store import AlarmRecordRepository, OwnerRepository
from services.notify.messages.model import Message, State
from services.notify.messages.store import MOST_SHOWN, DueMessages, MessageRepository
from services.notify.policy import read_policy
from services.notify.roster.model import Contact, ContactSummary, Recipient
from services.notify.roster.store import ContactSummaryRepository, RosterRepository
from services.notify.rules import Policy


def shipped_policy() -> Policy:
    """Read the rules that ship."""
    return read_policy([SHIPPED_POLICY])


class MemoryMessages(MemoryRepository[Message], MessageRepository):
    """The messages."""

    def alarms_of(self, case_ref: str) -> Sequence[Message]:
        return self._records.ordered(lambda each: each.case_ref == case_ref and each.ladder is not None, by=_made)[-MOST_SHOWN:]

    def on_ladders_of(self, case_refs: Sequence[str], limit: int) -> Sequence[Message]:
        found = self._records.where(lambda each: each.case_ref in case_refs and each.ladder is not None)
        return sorted(found, key=lambda each: (each.urgent, each.created_at), reverse=True)[:limit]

    def overdue(self, now: datetime, furthest: timedelta, limit: int) -> Sequence[str]:
        late = self._records.where(lambda each: _is_over(each.escalate_at, now, furthest))
        return [each.id for each in sorted(late, key=lambda each: (not each.urgent, each.escalate_at))][:limit]

    def listed(self, *, limit: int, **wanted: str) -> Sequence[Message]:
        def fits(message: Message) -> bool:
            values = {"case_ref": message.case_ref, "state": str(message.state), "reference": message.reference}
            return all(values[name] == str(value) for name, value in wanted.items())

        return self._records.ordered(fits, by=_made, newest_first=True)[:limit]

    def unsent(self) -> tuple[int, datetime | None]:
        waiting = self._records.ordered(lambda each: each.next_attempt is not None and each.asked is None, by=_made)
        return len(waiting), waiting[0].created_at if waiting else None

    def not_escalated(self, now: datetime) -> tuple[int, datetime | None]:
        late = sorted(each.escalate_at for each in self._records.kept.values() if each.escalate_at and each.escalate_at <= now)
        return len(late), late[0] if late else None


class MemoryDueMessages(DueMessages):
    """Due messages, each for one sender at a time."""

    def __init__(self, messages: Records[Message], furthest: timedelta) -> None:
        self._records, self._furthest = messages, furthest
        self._leases = 0

    def lease_next(self, now: datetime, lease: timedelta, *, urgent_only: bool, oldest_first: bool = False) -> Message | None:
        due = [
            each
            for each in self._records.kept.values()
            if _is_over(each.next_attempt, now, self._furthest) and (each.urgent or not urgent_only)
        ]
        if not due:
            return None
        first = min(due, key=lambda each: (not each.urgent and not oldest_first, each.next_attempt))
        self._leases += 1
        first.state, first.lease, first.next_attempt = State.SENDING, f"lease-{self._leases}", now + lease
        first.attempts += 1
        first.revision += 1
        return deepcopy(first)


class MemoryAlarmRecords(MemoryRepository[AlarmRecord], AlarmRecordRepository):
    """How the alarms of the cases are."""

    def unacknowledged(self, since: datetime | None = None) -> Sequence[str]:
        found = self._records.ordered(_is_unacknowledged, by=lambda each: each.since, newest_first=True)
        return [each.case_ref for each in found if since is None or each.since >= since]

    def unseen(self, limit: int) -> Sequence[str]:
        found = self._records.ordered(lambda each: each.state is not AlarmState.ACKNOWLEDGED, by=_since, newest_first=True)
        return [each.case_ref for each in found][:limit]

    def count_unacknowledged(self) -> int:
        return len(self._records.where(_is_unacknowledged))


@dataclass
class Entry:
    """One entry of the roster; one that was removed keeps its address until it is destroyed."""

    contact: Contact
    address: str
    joined_at: datetime | None = None
    removed_at: datetime | None = None


class Roster(dict[Recipient, Entry]):
    """The roster of all units. Each contact's address is its name at example.org."""

    def __init__(self, *contacts: Contact) -> None:
        super().__init__({each.recipient: Entry(each, f"{each.recipient.ref}@example.org") for each in contacts})


class MemoryRoster(RosterRepository):
    """Duty officers and partner contacts."""

    def __init__(self, roster: Roster, unit: Unit | None = None) -> None:
        self._roster = roster
        self._unit = unit or unit_in_memory(datetime.max.replace(tzinfo=UTC))

    def contact(self, recipient: Recipient) -> Contact | None:
        entry = self._present(recipient)
        return entry.contact if entry else None

    def with_address(self, recipient: Recipient) -> tuple[Contact, str] | None:
        entry = self._present(recipient)
        return (entry.contact, entry.address) if entry else None

    def put(self, contact: Contact, address: str, joined_at: datetime | None = None) -> None:
        self._roster[contact.recipient] = Entry(contact, address, joined_at)

    def joined(self) -> Mapping[Recipient, datetime]:
        present = {each: entry for each, entry in self._roster.items() if entry.removed_at is None}
        return {each: entry.joined_at for each, entry in present.items() if entry.joined_at}

    def was_asked(self, recipient: Recipient, joined_at: datetime) -> None:
        entry = self._present(recipient)
        if entry and entry.joined_at == joined_at:
            entry.joined_at = None

    def listed(self) -> Sequence[tuple[Contact, str]]:
        present = [each for each in self._roster.values() if each.removed_at is None]
        return [(each.contact, each.address) for each in sorted(present, key=lambda each: str(each.contact.recipient))]

    def remove(self, recipient: Recipient, now: datetime) -> bool:
        entry = self._present(recipient)
        if entry:
            entry.removed_at = now
        return entry is not None

    def removed(self, before: datetime, limit: int) -> Sequence[Recipient]:
        return [each for each, entry in self._roster.items() if entry.removed_at and entry.removed_at <= before][:limit]

    def overdue(self, before: datetime) -> tuple[int, datetime | None]:
        off = sorted(each.removed_at for each in self._roster.values() if each.removed_at and each.removed_at <= before)
        return len(off), off[0] if off else None

    def destroy(self, recipient: Recipient) -> bool:
        entry = self._roster.get(recipient)
        if entry is None or entry.removed_at is None:
            return False
        del self._roster[recipient]
        self._unit.destroy_key(f"roster:{recipient}")
        return True

    def _present(self, recipient: Recipient) -> Entry | None:
        entry = self._roster.get(recipient)
        return entry if entry and entry.removed_at is None else None


class MemoryOwners(MemoryRepository[CaseOwner], OwnerRepository):
    """Who owns each case."""


class MemorySummaries(MemoryRepository[ContactSummary], ContactSummaryRepository):
    """What the registry published about contacting each case's defender."""


class MemoryChannel(Channel):
    """Keeps what it accepts. It answers with the outcomes it was given, one per letter, and accepts what comes after them."""

    kind = "email"

    def __init__(self, *answers: Outcome) -> None:
        self.taken: list[OutgoingMessage] = []
        self.tried: list[OutgoingMessage] = []
        self._answers = list(answers)

    def answer_next(self, outcome: Outcome) -> None:
        """Add an outcome."""
        self._answers.append(outcome)

    def relent(self) -> None:
        """Accept everything again."""
        self._answers.clear()

    def send(self, letter: OutgoingMessage) -> Outcome:
        self.tried.append(letter)
        outcome = self._answers.pop(0) if self._answers else Outcome(Result.ACCEPTED)
        if outcome.result is Result.ACCEPTED:
            self.taken.append(letter)
        return outcome


class MemoryHanded(MemoryRepository[Handed], HandedRepository):
    """The boxes that wait for their messages to be sent."""


class MemoryUsedOnce(UsedOnce):
    """Takes boxes out of memory."""

    def __init__(self, handed: Records[Handed]) -> None:
        self._records = handed

    def take(self, message_id: str, now: datetime) -> Handed | None:
        found = self._records.kept.pop(message_id, None)
        return found if found and found.until > now else None

    def purge(self, now: datetime) -> int:
        over = [key for key, each in self._records.kept.items() if each.until <= now]
        for key in over:
            self._records.drop(key)
        return len(over)


class NotifyInMemory(ServiceInMemory[Context]):
    """A whole notify in memory, without what sends: a test leases from `due_messages` and sends through a channel of its own."""

    def __init__(self, start: datetime, *contacts: Contact, policy: Policy | None = None) -> None:
        super().__init__(start)
        self.policy = policy or shipped_policy()
        self.messages: Records[Message] = Records()
        self.alarms: Records[AlarmRecord] = Records("case_ref")
        self.owners: Records[CaseOwner] = Records("case_ref")
        self.summaries: Records[ContactSummary] = Records("case_ref")
        self.handed: Records[Handed] = Records("message_id")
        self.roster = Roster(*contacts)
        self.due_messages = MemoryDueMessages(self.messages, self.policy.furthest)

    def _context(self, unit: Unit, principal: Principal | None) -> Context:
        return Context(
            unit=unit,
            principal=principal,
            policy=self.policy,
            messages=MemoryMessages(self.messages),
            alarm_records=MemoryAlarmRecords(self.alarms),
            owners=MemoryOwners(self.owners),
            roster=MemoryRoster(self.roster, unit),
            summaries=MemorySummaries(self.summaries),
            handed=MemoryHanded(self.handed),
            channels=("email",),
        )


def _made(message: Message) -> datetime:
    return message.created_at


def _is_over(end: datetime | None, now: datetime, furthest: timedelta) -> bool:
    return end is not None and not now < end <= now + furthest


def _since(alarm: AlarmRecord) -> datetime:
    return alarm.since


def _is_unacknowledged(alarm: AlarmRecord) -> bool:
    return alarm.state is AlarmState.UNACKNOWLEDGED
