"""Stored reports. Sensitive data is a sealed box or ciphertext; data to be compared is a keyed hash."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from mongoengine import BooleanField, DateTimeField, DictField, IntField, ListField, Q, StringField
from pymongo import UpdateOne

from ngao.chassis.errors import or_not_found
from ngao.chassis.security.vouches import Pin
from ngao.chassis.storage.documents import Stored, count_and_first, overdue
from ngao.chassis.storage.held import INTERNAL, hashed, internal, sealed
from ngao.chassis.storage.lookups import Record, TooMany
from ngao.chassis.storage.repository import Repository
from ngao.kernel.consent import ConsentChange, Statement
from ngao.kernel.records import from_record, to_record
from ngao.kernel.urgency import CRITICAL
from services.intake.reports.model import LATEST_AGAIN, Report
from services.intake.reports.partners import PartnerAtWork
from services.intake.triage.model import Earlier, History, Triage

_REPORTS = "reports"
_MOST_EARLIER = 200
_MOST_COMPARED = 2000
_OF_EARLIER = ("received_at", "violations.type", "withdrawn_at", "source_id")


class ReportDocument(
    Stored,
    of=Report,
    but=("triage",),
    held=internal(
        "case_ref source_id source_event_id received_at occurred_at occurred_precision reporter_role violations needs "
        "needs_proposed county place_precision languages consents consent_changes restricted restricted_sequence decision "
        "defender_ref story mapping doubt "
        "updated_at tell_again_at judge_others_at withdrawn_at forgotten_at"
    )
    | internal("told")  # a name, and alone, because among others it would read as a word of prose
    | dict.fromkeys(("fingerprint", "person_keys", "updates_seen"), hashed("reports"))
    | dict.fromkeys(("sealed_identity", "narrative_parts", "attachments"), sealed("reports")),
):
    """One report. Lists of dictionaries hold codes, times and references only."""

    urgency = StringField(required=True, **INTERNAL)
    points = IntField(required=True, **INTERNAL)
    reasons = ListField(DictField(), **INTERNAL)
    policy_version = StringField(required=True, **INTERNAL)
    earlier_reports = IntField(required=True, **INTERNAL)
    helpers = ListField(DictField(), **INTERNAL)
    closed_at = DateTimeField(**INTERNAL)
    needs_suggested = BooleanField(**INTERNAL)

    begins_subject = (
        "case_ref"  # a new report is the first that there is about its case: the `sequence` of its events need not be counted
    )
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


class PinDocument(Stored, of=Pin, held=internal("key_id signing_key_id issued_at")):
    """The partner's keys (its id is the partner's) that narratives were last sealed to."""

    meta = {"db_alias": "intake", "collection": "pins"}  # noqa: RUF012  # mongoengine's way


class ReportRepository(Repository[Report]):
    """The reports of this platform."""

    document = ReportDocument

    def by_case(self, case_ref: str) -> Report | None:
        """Return the report that opened this case."""
        return self._one(self._unit.lookups.by(_REPORTS, "case_ref").one(case_ref))

    def of_case(self, case_ref: str) -> Report:
        """Return the same. Raises NotFound."""
        return or_not_found(self.by_case(case_ref), "Intake has no report with this case reference.")

    def by_source_event(self, source_id: str, source_event_id: str) -> Report | None:
        """Return the report that a source posted under its own id."""
        return self._one(self._unit.lookups.by(_REPORTS, "source_event_id", also={"source_id": source_id}).one(source_event_id))

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
        """Return the ids of reports that share a key with a person and can still become more urgent, the latest first."""
        able = _can_become_more_urgent(person_keys).filter(id__ne=but)
        return list(able.order_by("-received_at").limit(limit).scalar("id"))

    def due(self, ends: Mapping[str, datetime], limit: int) -> list[tuple[str, str]]:
        """Return the ids of reports that are past one of these ends and not erased, with the date that counts; each once.

        A moment is the name of a date: `received`, `closed` or `withdrawn`.
        """
        found = {report_id: moment for moment, end in ends.items() for report_id in _past(moment, end).limit(limit).scalar("id")}
        return list(found.items())

    def overdue(self, ends: Mapping[str, datetime]) -> tuple[int, timedelta]:
        """Return how many of these there are, and how long the oldest is past its time; one may be past several."""
        return overdue((_past(moment, end), f"{moment}_at", end) for moment, end in ends.items())

    def with_others_to_triage(self, limit: int) -> list[str]:
        """Return the ids of reports after which others about the person are still to be triaged again, the longest due first."""
        return list(_others_due(limit).scalar("id"))

    def clear_without_others(self, limit: int) -> None:
        """Clear `triage_others_at` of the reports due whose person has no other open report, in one write.

        Most have none, and a unit of work each would cost as much as receiving it. What has changed meanwhile stays due.
        """
        due = list(_others_due(limit).only("person_keys", "judge_others_at").as_pymongo())
        keys = {key for report in due for key in report["person_keys"]}
        able = list(_can_become_more_urgent(keys).only("person_keys").limit(_MOST_COMPARED).as_pymongo())
        if len(able) == _MOST_COMPARED:
            return
        about: dict[str, set[str]] = defaultdict(set)
        for report in able:
            for key in report["person_keys"]:
                about[key].add(report["_id"])
        without = [report for report in due if all(about[key] <= {report["_id"]} for key in report["person_keys"])]
        if without:
            cleared = {"$unset": {"judge_others_at": ""}}
            read = ({"_id": report["_id"], "judge_others_at": report["judge_others_at"]} for report in without)
            ReportDocument.records().bulk_write([UpdateOne(as_read, cleared) for as_read in read], ordered=False)

    def unopened(self, now: datetime, limit: int) -> list[str]:
        """Return the ids of reports without a case that are due to be published again, the longest due first."""
        waiting = ReportDocument.objects(tell_again_at__exists=True).order_by("tell_again_at")
        due = waiting.filter(Q(tell_again_at__lte=now) | Q(tell_again_at__gt=now + LATEST_AGAIN))
        return list(due.limit(limit).scalar("id"))

    def still_unopened(self, before: datetime) -> tuple[int, datetime | None]:
        """Return how many of those received before have no case yet, and when the first of them was received."""
        return count_and_first(ReportDocument.objects(tell_again_at__exists=True, received_at__lt=before), "received_at")

    def _read(self, record: Record) -> Report:
        # Places of earlier versions had no precision; an empty part stands for none.
        record = {"place_precision": "", **{name: part for name, part in record.items() if part != {}}}
        if record.get("needs_suggested"):  # written before needs that no source asked for were marked one by one
            record["needs_proposed"] = record.get("needs")
        report: Report = ReportDocument.entity_of(
            record,
            consents=tuple(_statement(consent, "given_at") for consent in record.get("consents") or ()),
            consent_history=tuple(_change(consent) for consent in record.get("consent_changes") or ()),
            partners={each["offer_id"]: from_record(PartnerAtWork, each) for each in record.get("helpers") or ()},
            triage=from_record(Triage, record),
        )
        return report

    def _record(self, entity: Report) -> Record:
        record = super()._record(entity)
        return record | {
            "closed_at": entity.closed_at,
            "consents": [_record_of(consent, "given_at") for consent in entity.consents],
            "consent_changes": [_record_of_change(change) for change in entity.consent_history],
            "helpers": [to_record(partner) for partner in entity.partners.values()],
            **to_record(entity.triage),
            **{name: record[name] or {} for name in ("decision", "sealed_identity", "mapping")},
        }


def _record_of(statement: Statement, moment: str) -> Record:
    return to_record(statement, "at", "granted") | {moment: statement.at}


def _record_of_change(change: ConsentChange) -> Record:
    statement = _record_of(change.statement, "effective_at") | {"granted": change.statement.granted}
    return statement | to_record(change, "statement")


def _change(record: Record) -> ConsentChange:
    return from_record(ConsentChange, record, statement=_statement(record, "effective_at"))


def _statement(record: Record, moment: str) -> Statement:
    return from_record(Statement, record, at=record[moment])


def _others_due(limit: int) -> Any:
    return ReportDocument.objects(judge_others_at__exists=True).order_by("judge_others_at").limit(limit)


def _can_become_more_urgent(person_keys: Collection[str]) -> Any:
    """Return the reports that share a key with a person and can still become more urgent."""
    about = ReportDocument.objects(person_keys__in=list(person_keys), withdrawn_at=None, closed_at=None)
    return about.filter(urgency__ne=CRITICAL)


def _past(moment: str, end: datetime) -> Any:
    field = f"{moment}_at"
    return ReportDocument.objects(forgotten_at=None, **{f"{field}__lte": end}).order_by(field)


def _latest(found: Sequence[Record], since: datetime, but: str) -> tuple[Earlier, ...]:
    fitting = [
        record for record in found if record["received_at"] >= since and not record.get("withdrawn_at") and record["_id"] != but
    ]
    latest = sorted(fitting, key=lambda each: each["received_at"], reverse=True)[:_MOST_EARLIER]
    return tuple(Earlier(report["received_at"], tuple(one["type"] for one in report["violations"])) for report in latest)


def _latest_sharing(person_keys: Sequence[str], **whose: str) -> list[Record]:
    """Return the latest, up to a bound: of a person with more reports than that, more would not change a triage."""
    found = ReportDocument.objects(person_keys__in=list(person_keys), withdrawn_at=None, **whose).order_by("-received_at")
    return list(found.only("received_at", "violations", "withdrawn_at", "source_id").limit(_MOST_EARLIER + 1).as_pymongo())
