"""Intake in memory with its callers, and what it published and put on record."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TypeVar

from ngao.chassis.security.identity import Principal
from ngao.contracts.events.intake import NarrativeDisclosed, NarrativeWithheld, ReportUpdated
from ngao.contracts.payloads import Payload
from ngao.testing.intake import IntakeInMemory
from services.intake.context import Context
from services.intake.policy import IntakePolicy
from services.intake.reports.model import Report

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
P = TypeVar("P", bound=Payload)


class MemoryIntake(IntakeInMemory):
    """One intake with a clock that a test moves."""

    def __init__(self, policy: IntakePolicy) -> None:
        super().__init__(START, policy)

    def wait(self, seconds: float = 1) -> None:
        self.pass_time(seconds=seconds)

    def number_from(self, names: Iterator[str]) -> None:
        self.ids.next = names

    @property
    def ctx(self) -> Context:
        """A unit of work in which intake acts itself."""
        return self.open()

    def by_source(self, source_id: str) -> Context:
        return self.open(Principal("source", source_id))

    def by_operator(self, operator_id: str) -> Context:
        return self.open(Principal("operator", operator_id))

    def payloads(self, kind: type[P]) -> list[P]:
        """What other services get, in order."""
        return [payload for payload, _ in self.published(kind)]

    @property
    def updates(self) -> list[tuple[Report, ReportUpdated]]:
        """What was published of changes, each with the report as it is now."""
        return [(self.ctx.reports.of_case(each.case_ref), each) for each in self.payloads(ReportUpdated)]

    @property
    def disclosed(self) -> list[tuple[str, str]]:
        return [(each.partner_id, each.key_id) for each in self.payloads(NarrativeDisclosed)]

    @property
    def withheld(self) -> list[tuple[str, str]]:
        return [(each.partner_id, each.reason) for each in self.payloads(NarrativeWithheld)]

    @property
    def recalled(self) -> list[str]:
        return [each.offer_id for each in self.payloads(NarrativeWithheld) if each.recalled]

    @property
    def audit(self) -> list[tuple[str, str, dict[str, str]]]:
        return [(each.action, f"{each.subject} {each.actor}", dict(each.detail)) for each in self.audited]
