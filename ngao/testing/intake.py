"""Intake in memory: its repositories are subclasses of the real ones, so that use cases run without a store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import deepcopy
from datetime import datetime, timedelta

from ngao.chassis.security.identity import Principal
from ngao.chassis.storage.unit_of_work import Unit
from ngao.kernel.urgency import CRITICAL
from ngao.testing.memory import SHIPPED_POLICY, MemoryRepository, Records, ServiceInMemory, no_store
from ngao.testing.vouching import MemoryRecipients, Onboarding
from services.intake.context import Context, RandomIds
from services.intake.notes.model import CaseFile, Note
from services.intake.notes.store import CaseFileRepository, NoteRepository
from services.intake.policy import IntakePolicy, load
from services.intake.reports.model import LATEST_AGAIN, Report, SealedIdentity
from services.intake.reports.repeats import Repeats
from services.intake.reports.store import ReportRepository
from services.intake.reports.vault import CaseVault, RegistryBox
from services.intake.settings import read
from services.intake.sources.model import Source
from services.intake.sources.store import SourceRepository
from services.intake.triage.model import Earlier, History


class ReportRecords(Records[Report]):
    """Reports by id. `taken_in` has a copy of each report as it was saved first."""

    def __init__(self) -> None:
        super().__init__()
        self.taken_in: list[Report] = []

    def put(self, record: Report) -> None:
        """Keep a copy of a report. Raises Conflict for one that was changed since it was read."""
        is_new = record.id not in self.kept
        super().put(record)
        if is_new:
            self.taken_in.append(deepcopy(self.kept[record.id]))


class MemoryReports(MemoryRepository[Report], ReportRepository):
    """Reports."""

    def by_case(self, case_ref: str) -> Report | None:
        return self._first(lambda each: each.case_ref == case_ref)

    def by_source_event(self, source_id: str, source_event_id: str) -> Report | None:
        return self._first(lambda each: (each.source_id, each.source_event_id) == (source_id, source_event_id))

    def earlier(self, person_keys: Sequence[str], since: datetime, *, source_id: str, but: str = "") -> History:
        def fits(report: Report) -> bool:
            about = bool(set(person_keys) & set(report.person_keys))
            return about and report.received_at >= since and not report.withdrawn_at and report.id != but

        found = self._records.ordered(fits, by=_received, newest_first=True)
        return History(_earlier(found), _earlier([each for each in found if each.source_id == source_id]))

    def open_about(self, person_keys: Sequence[str], limit: int, *, but: str) -> list[str]:
        def fits(report: Report) -> bool:
            return _is_open_about(report, person_keys) and report.id != but

        return [each.id for each in self._records.ordered(fits, by=_received, newest_first=True)][:limit]

    def due(self, ends: Mapping[str, datetime], limit: int) -> list[tuple[str, str]]:
        found = {each.id: moment for moment, end in ends.items() for each in self._past(moment, end)[:limit]}
        return list(found.items())

    def overdue(self, ends: Mapping[str, datetime]) -> tuple[int, timedelta]:
        late = [end - _moment(each, moment) for moment, end in ends.items() for each in self._past(moment, end)]
        return len(late), max(late, default=timedelta(0))

    def with_others_to_triage(self, limit: int) -> list[str]:
        due = [(each.triage_others_at, each.id) for each in self._records.kept.values() if each.triage_others_at]
        return [report_id for _, report_id in sorted(due)][:limit]

    def clear_without_others(self, limit: int) -> None:
        for each in map(self._records.kept.get, self.with_others_to_triage(limit)):
            if each and not self.open_about(each.person_keys, 1, but=each.id):
                each.triage_others_at = None

    def unopened(self, now: datetime, limit: int) -> list[str]:
        due = [
            (each.republish_at, each.id)
            for each in self._records.kept.values()
            if each.republish_at and not now < each.republish_at <= now + LATEST_AGAIN
        ]
        return [report_id for _, report_id in sorted(due)][:limit]

    def still_unopened(self, before: datetime) -> tuple[int, datetime | None]:
        waiting = sorted(
            each.received_at for each in self._records.kept.values() if each.republish_at and each.received_at < before
        )
        return len(waiting), waiting[0] if waiting else None

    def _first(self, fits: Callable[[Report], bool]) -> Report | None:
        return next(iter(self._records.where(fits)), None)

    def _past(self, moment: str, end: datetime) -> list[Report]:
        def fits(report: Report) -> bool:
            return report.erased_at is None and bool(at := getattr(report, f"{moment}_at")) and at <= end

        return self._records.ordered(fits, by=lambda each: _moment(each, moment))


class MemorySources(MemoryRepository[Source], SourceRepository):
    """The systems that may post."""

    def all(self) -> list[Source]:
        return self._records.ordered(lambda _: True, by=lambda each: each.id)


class MemoryNotes(MemoryRepository[Note], NoteRepository):
    """Notes, in clear: what is kept in memory is never written anywhere."""

    def of_case(self, case_ref: str) -> list[Note]:
        return self._records.ordered(lambda each: each.case_ref == case_ref, by=lambda each: each.number)

    def erase(self, case_ref: str) -> None:
        for note in self.of_case(case_ref):
            self._records.drop(note.id)


class MemoryCaseFiles(MemoryRepository[CaseFile], CaseFileRepository):
    """Case files."""

    def erase(self, file: CaseFile) -> None:
        self._records.drop(file.case_ref)


class OpenVault(CaseVault):
    """Seals nothing: what is kept in memory is never written anywhere."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def seal(self, report: Report, field: str, plaintext: bytes) -> bytes:
        return plaintext

    def open(self, report: Report, field: str, ciphertext: bytes) -> bytes:
        return ciphertext

    def destroy(self, report: Report) -> None:
        self._unit.destroy_key(f"case:{report.case_ref}")


class OpenBox(RegistryBox):
    """A box for the registry that anybody could open."""

    def __init__(self) -> None:
        pass

    def seal_to_registry(self, plaintext: bytes) -> SealedIdentity:
        return SealedIdentity("registry", plaintext.decode())


class CountedIds(RandomIds):
    """References with a number, in order, so that two runs can be compared."""

    def __init__(self) -> None:
        self.next = iter(f"{n:04d}" for n in range(10_000))
        self._now = ""

    def report_id(self) -> str:
        self._now = next(self.next)
        return f"report-{self._now}"

    def case_ref(self) -> str:
        return f"NG-{self._now}"


class IntakeInMemory(ServiceInMemory[Context]):
    """A whole intake in memory, without quarantine, boxes from sources and what was sent."""

    def __init__(self, start: datetime, policy: IntakePolicy | None = None) -> None:
        super().__init__(start)
        self.policy = policy or load([SHIPPED_POLICY])
        self.reports = ReportRecords()
        self.sources: Records[Source] = Records()
        self.notes: Records[Note] = Records()
        self.case_files: Records[CaseFile] = Records("case_ref")
        self.ids = CountedIds()
        self.onboarding = Onboarding()
        self.recipients = MemoryRecipients(self.onboarding)

    def _context(self, unit: Unit, principal: Principal | None) -> Context:
        return Context(
            unit=unit,
            principal=principal,
            policy=self.policy,
            settings=read({}),
            status_url="/",
            reports=MemoryReports(self.reports),
            repeats=Repeats(),
            sources=MemorySources(self.sources),
            notes=MemoryNotes(self.notes),
            case_files=MemoryCaseFiles(self.case_files),
            vault=OpenVault(unit),
            registry_box=OpenBox(),
            boxes=no_store("intake's keys"),
            recipients=self.recipients,
            ids=self.ids,
            sent=no_store("what was sent"),
            shelf=no_store("the quarantine"),
        )


def _is_open_about(report: Report, person_keys: Sequence[str]) -> bool:
    is_open = not report.withdrawn_at and not report.closed_at and report.triage.urgency != CRITICAL
    return is_open and bool(set(person_keys) & set(report.person_keys))


def _received(report: Report) -> datetime:
    return report.received_at


def _moment(report: Report, name: str) -> datetime:
    found: datetime = getattr(report, f"{name}_at")
    return found


def _earlier(reports: Sequence[Report]) -> tuple[Earlier, ...]:
    return tuple(Earlier(each.received_at, tuple(one.type for one in each.violations)) for each in reports)
