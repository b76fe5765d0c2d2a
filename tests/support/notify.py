"""Notify in memory: its repositories are subclasses of the real ones. And the shipped policy to try its rules with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from ngao.chassis.security.identity import Principal
from ngao.chassis.storage.unit_of_work import Unit
from ngao.testing.clock import ManualClock
from services.notify.channels.channel import Channel
from services.notify.channels.letter import Letter, Outcome, Result
from services.notify.context import Context
from services.notify.ladders.model import Alarm
from services.notify.ladders.planning import Situation
from services.notify.ladders.store import AlarmRepository
from services.notify.messages.facts import Facts
from services.notify.messages.model import Message, State
from services.notify.messages.store import ClaimQueue, MessageRepository
from services.notify.policy import read_policy
from services.notify.roster.model import DUTY_OFFICER, PARTNER, Contact, ContactSummary, Recipient
from services.notify.roster.store import ContactSummaryRepository, RosterRepository
from services.notify.rules import Policy

POLICIES = Path(__file__).resolve().parents[2] / "deploy" / "policy"
MAIL_CASES = Path(__file__).resolve().parents[1] / "cases" / "mail"
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
CASE = "NG-0123456789"


def shipped_policy() -> Policy:
    return read_policy([POLICIES])


def facts(
    type_name: str, urgency: str = "critical", partner_id: str | None = "clinic", cause: str = "event-1", about: str = ""
) -> Facts:
    return Facts(cause, f"{type_name}.v1", CASE, urgency, partner_id, about)


def officers(*names: str) -> list[Contact]:
    return [Contact(Recipient(DUTY_OFFICER, name), "email", "en") for name in names]


def partner(name: str, language: str = "sw") -> Contact:
    return Contact(Recipient(PARTNER, name), "email", language)


class FakeMessages(MessageRepository):
    def __init__(self) -> None:
        self.kept: dict[str, Message] = {}

    def find(self, message_id: str) -> Message | None:
        return deepcopy(self.kept.get(message_id))

    def add(self, message: Message) -> None:
        assert message.id not in self.kept
        self.save(message)

    def save(self, message: Message) -> None:
        self.kept[message.id] = deepcopy(message)

    def alarms_of(self, case_ref: str) -> Sequence[Message]:
        return [deepcopy(each) for each in self.kept.values() if each.case_ref == case_ref and each.ladder]

    def overdue(self, now: datetime, furthest: timedelta, limit: int) -> Sequence[str]:
        late = [each for each in self.kept.values() if each.escalate_at and not now < each.escalate_at <= now + furthest]
        return [each.id for each in sorted(late, key=lambda each: (not each.urgent, each.escalate_at))][:limit]

    def told(self) -> list[tuple[str, State]]:
        return [(each.recipient.ref, each.state) for each in self.kept.values()]


class FakeAlarms(AlarmRepository):
    def __init__(self) -> None:
        self.kept: dict[str, Alarm] = {}

    def find(self, case_ref: str) -> Alarm | None:
        return self.kept.get(case_ref)

    def put(self, alarm: Alarm) -> None:
        self.kept[alarm.case_ref] = alarm


class FakeClaims(ClaimQueue):
    def __init__(self, messages: FakeMessages) -> None:
        self._messages = messages
        self._leases = 0

    def claim(self, now: datetime, lease: timedelta, *, urgent_only: bool, oldest_first: bool = False) -> Message | None:
        due = [
            each for each in self._messages.kept.values()
            if each.next_attempt and each.next_attempt <= now and (each.urgent or not urgent_only)
        ]  # fmt: skip
        if not due:
            return None
        first = min(due, key=lambda each: (not each.urgent and not oldest_first, each.next_attempt))
        self._leases += 1
        first.state, first.lease, first.next_attempt = State.SENDING, f"lease-{self._leases}", now + lease
        first.attempts += 1
        return deepcopy(first)


class FakeRoster(RosterRepository):
    def __init__(self, *contacts: Contact) -> None:
        self.entries = {each.recipient: (each, f"{each.recipient.ref}@example.org") for each in contacts}
        self.gone: dict[Recipient, datetime] = {}

    def contact(self, recipient: Recipient) -> Contact | None:
        return self.entries[recipient][0] if recipient in self.entries else None

    def address(self, recipient: Recipient) -> str | None:
        return self.entries[recipient][1] if recipient in self.entries else None

    def put(self, contact: Contact, address: str) -> None:
        self.entries[contact.recipient] = (contact, address)

    def remove(self, recipient: Recipient, now: datetime) -> bool:
        gone = self.entries.pop(recipient, None)
        if gone:
            self.gone[recipient] = now
        return gone is not None

    def removed(self, before: datetime, limit: int) -> Sequence[Recipient]:
        return [each for each, at in self.gone.items() if at <= before][:limit]

    def destroy(self, recipient: Recipient) -> Recipient:
        del self.gone[recipient]
        return recipient


class FakeSummaries(ContactSummaryRepository):
    def __init__(self, *summaries: ContactSummary) -> None:
        self.kept = {each.case_ref: each for each in summaries}

    def find(self, case_ref: str) -> ContactSummary | None:
        return self.kept.get(case_ref)

    def put(self, summary: ContactSummary) -> None:
        self.kept[summary.case_ref] = summary


class FakeChannel(Channel):
    """Keeps what it takes; answers what it was told to answer, then takes."""

    kind = "email"

    def __init__(self, *answers: Outcome) -> None:
        self.taken: list[Letter] = []
        self.tried: list[Letter] = []
        self._answers = list(answers)

    def answer_next(self, outcome: Outcome) -> None:
        self._answers.append(outcome)

    def relent(self) -> None:
        self._answers.clear()

    def send(self, letter: Letter) -> Outcome:
        self.tried.append(letter)
        outcome = self._answers.pop(0) if self._answers else Outcome(Result.TAKEN)
        if outcome.result is Result.TAKEN:
            self.taken.append(letter)
        return outcome


def situation(policy: Policy, roster: FakeRoster, now: datetime = START) -> Situation:
    return Situation(policy, roster.contact, ("email",), now)


class NotifyInMemory:
    """Notify without a store, with the time in the test's hand. Each `context()` is a unit of its own."""

    def __init__(
        self, roster: FakeRoster, summaries: FakeSummaries | None = None, policy: Policy | None = None
    ) -> None:
        self.clock, self.policy = ManualClock(START), policy or shipped_policy()
        self.messages, self.alarms = FakeMessages(), FakeAlarms()
        self.roster, self.summaries = roster, summaries or FakeSummaries()
        self.claims = FakeClaims(self.messages)
        self.units: list[Unit] = []

    def context(self, caller: str = "grace") -> Context:
        unit = Unit(self.clock.now(), None, None)  # type: ignore[arg-type]  # nothing is sealed, nothing looked up
        self.units.append(unit)
        return Context(
            unit=unit, principal=Principal("operator", caller), policy=self.policy, messages=self.messages, alarms=self.alarms,
            roster=self.roster, summaries=self.summaries, channels=("email",),
        )  # fmt: skip

    @property
    def said(self) -> list[tuple[str, str, str]]:
        """What was published of each message: what became of it, whose it is, and why."""
        events = [each.event for unit in self.units for each in unit.sayings if each.event.type.startswith("notify.message.")]
        return [(each.type.split(".")[2], _recipient(each.data), _why(each.data)) for each in events]


def _recipient(data: Mapping[str, Any]) -> str:
    return f"{data['recipient_kind']}:{data['recipient_ref']}"


def _why(data: Mapping[str, Any]) -> str:
    return str(data.get("next_step") or data.get("by") or data.get("reason") or "")


_STEPS = {
    "after the letter's data": "data",
    "after MAIL FROM": "mail",
    "after RCPT TO": "rcpt",
    "instead of the greeting": "connect",
}


def refusals() -> list[tuple[str, str]]:
    """The step and the answer of each block of the file."""
    lines = [line for line in (MAIL_CASES / "refusals.txt").read_text("utf-8").splitlines() if line and not line.startswith("#")]
    blocks = zip(lines[::2], lines[1::2], strict=True)
    return [(_step(where), answer.removeprefix("S: ")) for where, answer in blocks]


def _step(where: str) -> str:
    return next(step for says, step in _STEPS.items() if says in where)
