"""Stored reports. Sensitive data is a sealed box or ciphertext; data to be compared is a keyed hash."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from mongoengine import BinaryField, BooleanField, DateTimeField, DictField, IntField, ListField, Q, StringField

from ngao.chassis.errors import NotFound
from ngao.chassis.storage.documents import Stored
from ngao.chassis.storage.held import INTERNAL, hashed, sealed
from ngao.chassis.storage.lookups import Record, TooMany
from ngao.chassis.storage.unit_of_work import Unit
from ngao.kernel.urgency import CRITICAL
from services.intake.reports.model import LATEST_AGAIN, Report
from services.intake.reports.records import report_from, report_record
from services.intake.triage.model import Earlier, History

_REPORTS = "reports"
_MOST_EARLIER = 200
_OF_EARLIER = ("received_at", "violations.type", "withdrawn_at", "source_id")


class ReportDocument(Stored):
    """One report. Lists of dictionaries hold codes, times and references only."""

    case_ref = StringField(required=True, **INTERNAL)
    source_id = StringField(required=True, **INTERNAL)
    source_event_id = StringField(required=True, **INTERNAL)
    fingerprint = StringField(required=True, **hashed("reports"))
    received_at = DateTimeField(required=True, **INTERNAL)
    occurred_at = DateTimeField(required=True, **INTERNAL)
    occurred_precision = StringField(required=True, **INTERNAL)
    reporter_role = StringField(required=True, **INTERNAL)
    violations = ListField(DictField(), **INTERNAL)
    needs = ListField(StringField(), **INTERNAL)
    needs_proposed = ListField(StringField(), **INTERNAL)
    needs_suggested = BooleanField(**INTERNAL)
    county = StringField(**INTERNAL)
    place_precision = StringField(**INTERNAL)
    languages = ListField(StringField(), **INTERNAL)
    consents = ListField(DictField(), **INTERNAL)
    consent_changes = ListField(DictField(), **INTERNAL)
    urgency = StringField(required=True, **INTERNAL)
    points = IntField(required=True, **INTERNAL)
    reasons = ListField(DictField(), **INTERNAL)
    policy_version = StringField(required=True, **INTERNAL)
    earlier_reports = IntField(required=True, **INTERNAL)
    told = DictField(**INTERNAL)
    decision = DictField(**INTERNAL)
    defender_ref = StringField(**INTERNAL)
    sealed_identity = DictField(**sealed("reports"))
    person_keys = ListField(StringField(), **hashed("reports"))
    narrative_parts = ListField(BinaryField(), **sealed("reports"))
    attachments = BinaryField(**sealed("reports"))
    story = ListField(DictField(), **INTERNAL)
    helpers = ListField(DictField(), **INTERNAL)
    updates_seen = ListField(StringField(), **hashed("reports"))
    mapping = DictField(**INTERNAL)
    doubt = DictField(**INTERNAL)
    updated_at = DateTimeField(**INTERNAL)
    tell_again_at = DateTimeField(**INTERNAL)
    judge_others_at = DateTimeField(**INTERNAL)
    withdrawn_at = DateTimeField(**INTERNAL)
    closed_at = DateTimeField(**INTERNAL)
    forgotten_at = DateTimeField(**INTERNAL)

    meta = {  # noqa: RUF012  # mongoengine's way
        "db_alias": "intake",
        "collection": "reports",
        "indexes": [
            {"fields": ["source_id", "source_event_id"], "unique": True},
            {"fields": ["case_ref"], "unique": True},
            {"fields": ["person_keys", "-received_at"]},
            {"fields": ["tell_again_at"], "partialFilterExpression": {"tell_again_at": {"$exists": True}}},
            {"fields": ["judge_others_at"], "partialFilterExpression": {"judge_others_at": {"$exists": True}}},
            {"fields": ["forgotten_at", "received_at"]},
            {"fields": ["forgotten_at", "closed_at"], "partialFilterExpression": {"closed_at": {"$exists": True}}},
            {"fields": ["forgotten_at", "withdrawn_at"], "partialFilterExpression": {"withdrawn_at": {"$exists": True}}},
        ],
    }


class PinDocument(Stored):
    """The partner's keys (its id is the partner's) that narratives were last sealed to."""

    key_id = StringField(required=True, **INTERNAL)
    signing_key_id = StringField(**INTERNAL)
    issued_at = DateTimeField(required=True, **INTERNAL)

    meta = {"db_alias": "intake", "collection": "pins"}  # noqa: RUF012  # mongoengine's way


class ReportRepository:
    """The reports of this platform."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def find(self, report_id: str) -> Report | None:
        """Return the report with this id."""
        return _report(self._unit.lookups.by(_REPORTS).one(report_id))

    def by_case(self, case_ref: str) -> Report | None:
        """Return the report that opened this case."""
        return _report(self._unit.lookups.by(_REPORTS, "case_ref").one(case_ref))

    def of_case(self, case_ref: str) -> Report:
        """Return the same. Raises NotFound."""
        report = self.by_case(case_ref)
        if report is None:
            raise NotFound("Intake has no report with this case reference.")
        return report

    def by_source_event(self, source_id: str, source_event_id: str) -> Report | None:
        """Return the report that a source posted under its own id."""
        return _report(self._unit.lookups.by(_REPORTS, "source_event_id", also={"source_id": source_id}).one(source_event_id))

    def earlier(self, person_keys: Sequence[str], since: datetime, *, source_id: str, but: str = "") -> History:
        """Return reports since then, not withdrawn, that share a key with a person, latest first; and this source's, likewise.

        Each of the two is bounded by itself: others' reports must not displace a source's own.
        """
        shared = self._unit.lookups.sharing(_REPORTS, "person_keys", only=_OF_EARLIER, most=_MOST_EARLIER)
        try:
            found = shared.find(person_keys)
            own = [record for record in found if record["source_id"] == source_id]
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
        """Return how many of these there are, and how long the oldest is past its time; one may be past several."""
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
        """Ids of reports that no case was opened for and that should be published again, the longest due first."""
        waiting = ReportDocument.objects(tell_again_at__exists=True).order_by("tell_again_at")
        due = waiting.filter(Q(tell_again_at__lte=now) | Q(tell_again_at__gt=now + LATEST_AGAIN))
        return list(due.limit(limit).scalar("id"))

    def still_unopened(self, before: datetime) -> tuple[int, datetime | None]:
        """Return how many of those received before have no case yet, and when the first of them was received."""
        waiting = ReportDocument.objects(tell_again_at__exists=True, received_at__lt=before)
        first = waiting.order_by("received_at").only("received_at").as_pymongo().first()
        return (waiting.count(), first["received_at"]) if first else (0, None)

    def save(self, report: Report) -> None:
        """Register a new or changed report."""
        self._unit.keep(_REPORTS, report_record(report), report.revision)


def _past(moment: str, end: datetime) -> Any:
    field = f"{moment}_at"
    return ReportDocument.objects(forgotten_at=None, **{f"{field}__lte": end}).order_by(field)


def _latest(found: Sequence[Record], since: datetime, but: str) -> tuple[Earlier, ...]:
    fitting = [
        record for record in found if record["received_at"] >= since and not record.get("withdrawn_at") and record["_id"] != but
    ]
    latest = sorted(fitting, key=lambda each: each["received_at"], reverse=True)[:_MOST_EARLIER]
    return tuple(Earlier(step["received_at"], tuple(one["type"] for one in step["violations"])) for step in latest)


def _latest_sharing(person_keys: Sequence[str], **whose: str) -> list[Record]:
    """Return the latest, up to a bound: of a person with more reports than that, more would not change a judgement."""
    found = ReportDocument.objects(person_keys__in=list(person_keys), withdrawn_at=None, **whose).order_by("-received_at")
    return list(found.only("received_at", "violations", "withdrawn_at", "source_id").limit(_MOST_EARLIER + 1).as_pymongo())


def _report(record: Record | None) -> Report | None:
    return report_from(record) if record else None
