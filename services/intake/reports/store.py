"""Where the use cases' ports meet the database; one set for each unit of work."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from time import monotonic
from typing import Any

from mongoengine import Q

from ngao.chassis.security.identity import Credential
from ngao.chassis.storage.lookups import Record, TooMany
from ngao.chassis.storage.unit_of_work import Unit
from ngao.kernel.urgency import CRITICAL
from services.intake.reports.documents import ReportDocument, SourceDocument
from services.intake.reports.model import LATEST_AGAIN, Report
from services.intake.reports.records import report_from, report_record, source_document, source_from
from services.intake.sources.model import Source
from services.intake.triage.model import Earlier, History

_REPORTS = "reports"
_MOST_EARLIER = 200
_OF_EARLIER = ("received_at", "violations.type", "withdrawn_at", "source_id")
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

    def earlier(self, person_keys: Sequence[str], since: datetime, *, source_id: str, but: str = "") -> History:
        """Reports since then, not withdrawn, that share a key with a person, the latest first; and this source's, likewise.

        Each of the two is bounded by itself: others' reports must not displace a source's own.
        """
        shared = self._unit.lookups.sharing(_REPORTS, "person_keys", only=_OF_EARLIER, most=_MOST_EARLIER)
        try:
            found = shared.find(person_keys)
            own = [each for each in found if each["source_id"] == source_id]
        except TooMany:
            found, own = _latest_sharing(person_keys), _latest_sharing(person_keys, source_id=source_id)
        return History(_latest(found, since, but), _latest(own, since, but))

    def open_about(self, person_keys: Sequence[str], limit: int, *, but: str) -> list[str]:
        """Ids of reports that share a key with a person and can still become more urgent, the latest first."""
        about = ReportDocument.objects(person_keys__in=list(person_keys), withdrawn_at=None, closed_at=None)
        able = about.filter(urgency__ne=CRITICAL, id__ne=but)
        return list(able.order_by("-received_at").limit(limit).scalar("id"))

    def due(self, ends: Mapping[str, datetime], limit: int) -> list[tuple[str, str]]:
        """Ids of reports that are past one of these moments and not forgotten, with the moment; each once."""
        found = {report_id: moment for moment, end in ends.items() for report_id in _past(moment, end).limit(limit).scalar("id")}
        return list(found.items())

    def overdue(self, ends: Mapping[str, datetime]) -> tuple[int, timedelta]:
        """How many of these there are, and for how long the oldest is past its time; one may be past several."""
        late, longest = 0, timedelta(0)
        for moment, end in ends.items():
            field, past = f"{moment}_at", _past(moment, end)
            first = past.only(field).as_pymongo().first()
            late += past.count() if first else 0
            longest = max(longest, end - first[field] if first else longest)
        return late, longest

    def with_unjudged_others(self, limit: int) -> list[str]:
        """Ids of reports whose news other reports about the person are still to be judged with, the longest due first."""
        due = ReportDocument.objects(judge_others_at__exists=True).order_by("judge_others_at")
        return list(due.limit(limit).scalar("id"))

    def unopened(self, now: datetime, limit: int) -> list[str]:
        """Ids of reports that no case was opened for and that should be told again, the longest due first."""
        waiting = ReportDocument.objects(tell_again_at__exists=True).order_by("tell_again_at")
        due = waiting.filter(Q(tell_again_at__lte=now) | Q(tell_again_at__gt=now + LATEST_AGAIN))
        return list(due.limit(limit).scalar("id"))

    def still_unopened(self, before: datetime) -> tuple[int, datetime | None]:
        """How many of those received before have no case yet, and when the first of them was received."""
        waiting = ReportDocument.objects(tell_again_at__exists=True, received_at__lt=before)
        first = waiting.order_by("received_at").only("received_at").as_pymongo().first()
        return (waiting.count(), first["received_at"]) if first else (0, None)

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


def _past(moment: str, end: datetime) -> Any:
    field = f"{moment}_at"
    return ReportDocument.objects(forgotten_at=None, **{f"{field}__lte": end}).order_by(field)


def _latest(found: Sequence[Record], since: datetime, but: str) -> tuple[Earlier, ...]:
    fitting = [each for each in found if each["received_at"] >= since and not each.get("withdrawn_at") and each["_id"] != but]
    latest = sorted(fitting, key=lambda each: each["received_at"], reverse=True)[:_MOST_EARLIER]
    return tuple(Earlier(each["received_at"], tuple(one["type"] for one in each["violations"])) for each in latest)


def _latest_sharing(person_keys: Sequence[str], **whose: str) -> list[Record]:
    """The latest, so many at most: of a person with more reports than that, more would not change a judgement."""
    found = ReportDocument.objects(person_keys__in=list(person_keys), withdrawn_at=None, **whose).order_by("-received_at")
    return list(found.only("received_at", "violations", "withdrawn_at", "source_id").limit(_MOST_EARLIER + 1).as_pymongo())


def _report(record: Record | None) -> Report | None:
    return report_from(record) if record else None
