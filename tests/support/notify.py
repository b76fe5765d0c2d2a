"""Notify in memory with its callers, and cases for it; who and what in them is invented."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ngao.chassis.security.identity import Principal
from ngao.testing.notify import MemoryRoster, NotifyInMemory, Roster
from services.notify.context import Context
from services.notify.ladders.planning import Situation
from services.notify.messages.model import State
from services.notify.roster.model import DUTY_OFFICER, PARTNER, Contact, Recipient
from services.notify.rules import Facts, Policy

MAIL_CASES = Path(__file__).resolve().parents[1] / "cases" / "mail"
START = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
CASE = "NG-0123456789"


def facts(
    type_name: str, urgency: str = "critical", partner_id: str | None = "clinic", cause: str = "event-1", about: str = ""
) -> Facts:
    return Facts(cause, f"{type_name}.v1", CASE, urgency, partner_id, about)


def officers(*names: str) -> list[Contact]:
    return [Contact(Recipient(DUTY_OFFICER, name), "email", "en") for name in names]


def partner(name: str, language: str = "sw") -> Contact:
    return Contact(Recipient(PARTNER, name), "email", language)


def situation(policy: Policy, contacts: Iterable[Contact], now: datetime = START) -> Situation:
    return Situation(policy, MemoryRoster(Roster(*contacts)).contact, ("email",), now)


class NotifyUnderTest(NotifyInMemory):
    """Notify in memory, with operators who call. Each `context()` is a unit of its own."""

    def __init__(self, *contacts: Contact, policy: Policy | None = None) -> None:
        super().__init__(START, *contacts, policy=policy)

    def context(self, caller: str = "grace") -> Context:
        return self.open(Principal("operator", caller))

    def addressed(self) -> list[tuple[str, State]]:
        """Whom each message is for, and its state."""
        return [(each.recipient.ref, each.state) for each in self.messages.kept.values()]

    @property
    def said(self) -> list[tuple[str, str, str]]:
        """What was published of each message: what became of it, whose it is, and why."""
        events = [each.event for unit in self.units for each in unit.publications]
        events = [event for event in events if event.type.startswith("notify.message.")]
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
