"""Intake's ports in memory: enough to run its use cases without parts, and nothing else."""

from __future__ import annotations

import copy
import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ngao.kernel.actors import Actor
from ngao.kernel.urgency import CRITICAL
from ngao.testing.vouching import MemoryRecipients, Onboarding
from services.intake.policy import IntakePolicy
from services.intake.ports import Desk
from services.intake.reports.model import Change, Helper, Report, SealedIdentity
from services.intake.sources.model import Source
from services.intake.triage.model import Earlier, History

START = datetime(2026, 3, 2, 9, tzinfo=UTC)


class MemoryReports:
    """Reports by id; what is read is a copy, as from a store."""

    def __init__(self) -> None:
        self._kept: dict[str, Report] = {}

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

    def open_about(self, person_keys: Sequence[str], limit: int, *, but: str) -> Sequence[str]:
        fitting = [
            each for each in self._kept.values()
            if set(person_keys) & set(each.person_keys) and not each.withdrawn_at and not each.closed_at
            and each.triage.urgency != CRITICAL and each.id != but
        ]  # fmt: skip
        return [each.id for each in sorted(fitting, key=lambda each: each.received_at, reverse=True)[:limit]]

    def due(self, ends: Mapping[str, datetime], limit: int) -> Sequence[tuple[str, str]]:  # noqa: ARG002
        return ()

    def with_unjudged_others(self, limit: int) -> Sequence[str]:
        return [each.id for each in self._kept.values() if each.judge_others_at][:limit]

    def unopened(self, now: datetime, limit: int) -> Sequence[str]:  # noqa: ARG002
        return ()

    def put(self, report: Report) -> None:
        self._kept[report.id] = copy.copy(report)

    def _first(self, fits: Any) -> Report | None:
        return next((copy.copy(each) for each in self._kept.values() if fits(each)), None)


def _earlier(reports: Sequence[Report]) -> tuple[Earlier, ...]:
    return tuple(Earlier(each.received_at, tuple(one.type for one in each.violations)) for each in reports)


class MemorySources:
    """No source: none of the use cases tried here asks for one."""

    def find(self, source_id: str) -> Source | None:  # noqa: ARG002
        return None

    def all(self) -> list[Source]:
        return []

    def put(self, source: Source) -> None:
        raise NotImplementedError


class OpenVault:
    """Seals nothing: what is kept here is never written anywhere."""

    def seal(self, report: Report, field: str, plaintext: bytes) -> bytes:  # noqa: ARG002
        return plaintext

    def open(self, report: Report, field: str, ciphertext: bytes) -> bytes:  # noqa: ARG002
        return ciphertext

    def destroy(self, report: Report) -> None:
        """Nothing to destroy."""


class OpenSeals:
    """Boxes that anybody could open."""

    def to_registry(self, plaintext: bytes) -> SealedIdentity:
        return SealedIdentity("registry", plaintext.decode())

    def to_partner(self, public_key: str, plaintext: bytes) -> str:  # noqa: ARG002
        return plaintext.decode()


class PlainHashes:
    """Hashes without a key."""

    def of(self, kind: str, value: str) -> str:
        return hashlib.sha256(f"{kind}\0{value}".encode()).hexdigest()


class Announcements:
    """Remembers what is published inside the platform."""

    def __init__(self) -> None:
        self.accepted_: list[Report] = []
        self.updated_: list[tuple[Report, Change]] = []
        self.disclosed_: list[tuple[str, str]] = []
        self.withheld_: list[tuple[str, str]] = []
        self.recalled_: list[str] = []

    def accepted(self, report: Report) -> None:
        self.accepted_.append(copy.copy(report))

    def updated(self, report: Report, change: Change) -> None:
        self.updated_.append((copy.copy(report), change))

    def withdrawn(self, report: Report) -> None:
        """Of no interest here."""

    def again(self, report: Report) -> None:
        """Of no interest here."""

    def disclosed(self, report: Report, helper: Helper, key_id: str, box: str) -> None:  # noqa: ARG002
        self.disclosed_.append((helper.partner_id, key_id))

    def withheld(self, report: Report, helper: Helper, reason: str, *, recalled: bool = False) -> None:  # noqa: ARG002
        self.withheld_.append((helper.partner_id, reason))
        if recalled:
            self.recalled_.append(helper.offer_id)


class GivenIds:
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
        self.news = Announcements()
        self.ids = GivenIds()
        self.onboarding = Onboarding()
        self.recipients = MemoryRecipients(self.onboarding)
        self.audit: list[tuple[str, str, dict[str, str]]] = []

    def wait(self, seconds: float = 1) -> None:
        self.now += timedelta(seconds=seconds)

    def number_from(self, names: Iterator[str]) -> None:
        self.ids.next = names

    @property
    def desk(self) -> Desk:
        def journal(action: str, *, subject: str, actor: Actor, detail: Mapping[str, str] | None = None) -> None:
            self.audit.append((action, f"{subject} {actor}", dict(detail or {})))

        return Desk(
            now=self.now, rules=self.policy.rules, reports=self.reports, sources=MemorySources(), vault=OpenVault(),
            seals=OpenSeals(), recipients=self.recipients, hashes=PlainHashes(), announce=self.news, journal=journal,
            ids=self.ids,
        )  # fmt: skip
