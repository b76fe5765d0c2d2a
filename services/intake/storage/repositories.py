"""Where the use cases' ports meet the database; one set for each unit of work."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from time import monotonic

from ngao.chassis.security.identity import Credential
from ngao.chassis.storage.lookups import Record
from ngao.chassis.storage.unit_of_work import Unit
from services.intake.domain.report import Report
from services.intake.domain.source import Source
from services.intake.domain.triage import Earlier
from services.intake.storage.documents import ReportDocument, SourceDocument
from services.intake.storage.mapping import report_from, report_record, source_document, source_from

_REPORTS = "reports"
_MOST_EARLIER = 200
_KNOWN_FOR_S = 1.0


class ReportRepository:
    """The reports of this platform."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def find(self, report_id: str) -> Report | None:
        """The report with this id."""
        return _report(self._unit.lookups.by(_REPORTS).one(report_id))

    def by_case(self, case_ref: str) -> Report | None:
        """The report that opened this case."""
        return _report(self._unit.lookups.by(_REPORTS, "case_ref").one(case_ref))

    def by_source_event(self, source_id: str, source_event_id: str) -> Report | None:
        """The report a source posted under its own id."""
        return _report(self._unit.lookups.by(_REPORTS, "source_event_id", also={"source_id": source_id}).one(source_event_id))

    def earlier(self, person_keys: Sequence[str], since: datetime, *, but: str = "") -> list[Earlier]:
        """Reports since then, not withdrawn, that share a key with a person, the latest first."""
        found = ReportDocument.objects(person_keys__in=list(person_keys), received_at__gte=since, withdrawn_at=None, id__ne=but)
        records = found.order_by("-received_at").only("received_at", "violations").limit(_MOST_EARLIER).as_pymongo()
        return [Earlier(each["received_at"], tuple(one["type"] for one in each["violations"])) for each in records]

    def put(self, report: Report) -> None:
        """Register a new or changed report."""
        self._unit.keep(_REPORTS, report_record(report), report.revision)


class SourceRepository:
    """The systems that may post."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def find(self, source_id: str) -> Source | None:
        """The source with this id."""
        return find_source(source_id)

    def all(self) -> list[Source]:
        """Every source, by id."""
        return [source_from(record) for record in SourceDocument.objects.order_by("id").as_pymongo()]

    def put(self, source: Source) -> None:
        """Register a new or changed source."""
        self._unit.put(source_document(source))


class SourceCredentials:
    """Tells the chassis who may call as a source.

    A known source is remembered for a second, because every request asks; what another process changed is heard then.
    """

    def __init__(self) -> None:
        self._known: dict[str, tuple[float, Credential]] = {}

    def find(self, kind: str, id: str) -> Credential | None:  # noqa: A002  # the chassis's name for it
        """The source's account, or None for any other kind."""
        if kind != "source":
            return None
        until, known = self._known.get(id, (0.0, None))
        return known if known and monotonic() < until else self._read(id)

    def forget(self, source_id: str) -> None:
        """This process has just changed it: ask again."""
        self._known.pop(source_id, None)

    def _read(self, source_id: str) -> Credential | None:
        until, source = monotonic() + _KNOWN_FOR_S, find_source(source_id)
        if source is None:
            return None
        rate = source.rate_per_second
        found = Credential("source", source_id, source.key_hashes, enabled=source.enabled, rate_per_second=rate)
        self._known[source_id] = until, found
        return found


def find_source(source_id: str) -> Source | None:
    """The source with this id."""
    record = SourceDocument.objects(id=source_id).as_pymongo().first()
    return source_from(record) if record else None


def _report(record: Record | None) -> Report | None:
    return report_from(record) if record else None
