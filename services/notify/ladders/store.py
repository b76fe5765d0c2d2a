"""One record for each case that has had an alarm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from mongoengine import DateTimeField, StringField

from ngao.chassis.storage.documents import Stored
from ngao.chassis.storage.held import INTERNAL
from ngao.chassis.storage.unit_of_work import Unit
from ngao.kernel.records import from_record, to_record
from services.notify.ladders.model import Alarm, AlarmState


class AlarmDocument(Stored):
    """The state of a case's alarm; the id is the case reference."""

    state = StringField(required=True, **INTERNAL)
    since = DateTimeField(required=True, **INTERNAL)

    meta: ClassVar[dict[str, Any]] = {"db_alias": "notify", "collection": "alarms", "indexes": [["state", "since"]]}


class AlarmRepository:
    """The states of the cases' alarms."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def find(self, case_ref: str) -> Alarm | None:
        """Return the record of one case."""
        found = self._unit.lookups.by("alarms").one(case_ref)
        return alarm_from_record(found) if found else None

    def put(self, alarm: Alarm) -> None:
        """Store it; a second writer conflicts."""
        self._unit.keep("alarms", alarm_to_record(alarm), alarm.revision)

    def unheard(self, limit: int) -> Sequence[str]:
        """Return the cases whose alarm reached no one, the newest first."""
        found = AlarmDocument.objects(state=AlarmState.UNHEARD).order_by("-since").only("id").limit(limit)
        return [record["_id"] for record in found.as_pymongo()]

    def count_unheard(self) -> int:
        """Count the cases whose alarm reached no one."""
        return int(AlarmDocument.objects(state=AlarmState.UNHEARD).count())


def alarm_to_record(alarm: Alarm) -> dict[str, Any]:
    """Return the document of an alarm."""
    return {"_id": alarm.case_ref, **to_record(alarm, "case_ref", "revision")}


def alarm_from_record(record: dict[str, Any]) -> Alarm:
    """Return the alarm of a document."""
    return from_record(Alarm, record, case_ref=record["_id"])
