"""Intake in memory: its repositories are subclasses of the real ones, so that use cases are tested without a store."""

# ruff: noqa: ARG002  # memory needs less than a broker and a store do

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

from ngao.chassis.security.identity import Principal
from ngao.chassis.storage.unit_of_work import Unit
from ngao.contracts.events.intake import NarrativeDisclosed, NarrativeWithheld, ReportUpdated
from ngao.contracts.payloads import Payload
from ngao.kernel.urgency import CRITICAL
from ngao.testing.published import published
from ngao.testing.vouching import MemoryRecipients, Onboarding
from services.intake.context import Context
from services.intake.policy import IntakePolicy
from services.intake.reports.model import Report, SealedIdentity
from services.intake.reports.references import RandomIds
from services.intake.reports.store import ReportRepository
from services.intake.reports.vault import CaseVault, RegistryBox
from services.intake.settings import read
from services.intake.triage.model import Earlier, History

START = datetime(2026, 3, 2, 9, tzinfo=UTC)
P = TypeVar("P", bound=Payload)


class MemoryReports(ReportRepository):
    """Reports by id; what is read is a copy, as from a store. `taken_in` are the reports as each was saved first."""

    def __init__(self) -> None:
        self._kept: dict[str, Report] = {}
        self.taken_in: list[Report] = []

    def find(self, report_id: str) -> Report | None:
        return copy.copy(self._kept.get(report_id))

    def by_case(self, case_ref: str) -> Report | None:
        return self._first(lambda each: each.case_ref == case_ref)

    def by_source_event(self, source_id: str, source_event_id: str) -> Report | None:
        return self._first(lambda each: (each.source_id, each.source_event_id) == (source_id, source_event_id))

    def earlier(self, person_keys: Sequence[str], since: datetime, *, source_id: str, but: str = "") -> History:
        fitting = [
            each for each in self._kept.values()
            if set(person_keys) & set(each.person_keys) and each.received_at >= since and not each.withdrawn_at and each.id != but
        ]  # fmt: skip
        return History(_earlier(fitting), _earlier([each for each in fitting if each.source_id == source_id]))

    def open_about(self, person_keys: Sequence[str], limit: int, *, but: str) -> list[str]:
        fitting = [
            each for each in self._kept.values()
            if set(person_keys) & set(each.person_keys) and not each.withdrawn_at and not each.closed_at
            and each.triage.urgency != CRITICAL and each.id != but
        ]  # fmt: skip
        return [each.id for each in sorted(fitting, key=lambda each: each.received_at, reverse=True)[:limit]]

    def with_unjudged_others(self, limit: int) -> list[str]:
        return [each.id for each in self._kept.values() if each.judge_others_at][:limit]

    def save(self, report: Report) -> None:
        if report.id not in self._kept:
            self.taken_in.append(copy.copy(report))
        self._kept[report.id] = copy.copy(report)

    def _first(self, fits: Any) -> Report | None:
        return next((copy.copy(each) for each in self._kept.values() if fits(each)), None)


def _earlier(reports: Sequence[Report]) -> tuple[Earlier, ...]:
    return tuple(Earlier(each.received_at, tuple(one.type for one in each.violations)) for each in reports)


class OpenVault(CaseVault):
    """Seals nothing: what is kept here is never written anywhere."""

    def __init__(self) -> None:
        """Nothing is needed."""

    def seal(self, report: Report, field: str, plaintext: bytes) -> bytes:
        return plaintext

    def open(self, report: Report, field: str, ciphertext: bytes) -> bytes:
        return ciphertext

    def destroy(self, report: Report) -> None:
        """Nothing to destroy."""


class OpenBox(RegistryBox):
    """A box that anybody could open."""

    def __init__(self) -> None:
        """Nothing is needed."""

    def seal(self, plaintext: bytes) -> SealedIdentity:
        return SealedIdentity("registry", plaintext.decode())


class PlainHashes:
    """Hashes without a key."""

    def lookup_hash(self, kind: str, value: str) -> str:
        return hashlib.sha256(f"{kind}\0{value}".encode()).hexdigest()


class GivenIds(RandomIds):
    """References that a test gives out, so that two worlds can be compared."""

    def __init__(self) -> None:
        self.next = iter(f"{n:04d}" for n in range(10_000))
        self._now = ""

    def report_id(self) -> str:
        self._now = next(self.next)
        return f"report-{self._now}"

    def case_ref(self) -> str:
        return f"NG-{self._now}"


class MemoryIntake:
    """One intake with a clock that a test moves."""

    def __init__(self, policy: IntakePolicy) -> None:
        self.policy = policy
        self.now = START
        self.reports = MemoryReports()
        self.ids = GivenIds()
        self.onboarding = Onboarding()
        self.recipients = MemoryRecipients(self.onboarding)
        self.units: list[Unit] = []

    def wait(self, seconds: float = 1) -> None:
        self.now += timedelta(seconds=seconds)

    def number_from(self, names: Iterator[str]) -> None:
        self.ids.next = names

    @property
    def ctx(self) -> Context:
        """A unit of work in which intake acts itself."""
        return self._context(None)

    def by_source(self, source_id: str) -> Context:
        return self._context(Principal("source", source_id))

    def by_operator(self, operator_id: str) -> Context:
        return self._context(Principal("operator", operator_id))

    def published(self, kind: type[P]) -> list[P]:
        """What other services get, in order."""
        return [payload for payload, _ in published(self.units, kind)]

    @property
    def updates(self) -> list[tuple[Report, ReportUpdated]]:
        """What was published of changes, each with the report as it is now."""
        return [(self.reports.of_case(each.case_ref), each) for each in self.published(ReportUpdated)]

    @property
    def disclosed(self) -> list[tuple[str, str]]:
        return [(each.partner_id, each.key_id) for each in self.published(NarrativeDisclosed)]

    @property
    def withheld(self) -> list[tuple[str, str]]:
        return [(each.partner_id, each.reason) for each in self.published(NarrativeWithheld)]

    @property
    def recalled(self) -> list[str]:
        return [each.offer_id for each in self.published(NarrativeWithheld) if each.recalled]

    @property
    def audit(self) -> list[tuple[str, str, dict[str, str]]]:
        return [(each.action, f"{each.subject} {each.actor}", dict(each.detail)) for unit in self.units for each in unit.records]

    def _context(self, principal: Principal | None) -> Context:
        nothing: Any = None  # what no use case that is tried here asks for
        hashes: Any = PlainHashes()
        self.units.append(unit := Unit(self.now, hashes, nothing))
        return Context(
            unit=unit, principal=principal, policy=self.policy, settings=read({}), status_url="/", reports=self.reports,
            sources=nothing, vault=OpenVault(), registry_box=OpenBox(), boxes=nothing, recipients=self.recipients, ids=self.ids,
            sent=nothing, shelf=nothing,
        )  # fmt: skip
