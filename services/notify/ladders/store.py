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
    """How the alarm of a case stands; the id is the case reference."""

    state = StringField(required=True, **INTERNAL)
    since = DateTimeField(required=True, **INTERNAL)

    meta: ClassVar[dict[str, Any]] = {"db_alias": "notify", "collection": "alarms", "indexes": [["state", "since"]]}


class AlarmRepository:
    """How the alarms of the cases stand."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    def find(self, case_ref: str) -> Alarm | None:
        """The record of one case."""
        found = self._unit.lookups.by("alarms").one(case_ref)
        return alarm_from_record(found) if found else None

    def put(self, alarm: Alarm) -> None:
        """Keep it; a second writer conflicts."""
        self._unit.keep("alarms", alarm_to_record(alarm), alarm.revision)

    def unheard(self, limit: int) -> Sequence[str]:
        """The cases whose alarm reached nobody, the newest first."""
        found = AlarmDocument.objects(state=AlarmState.UNHEARD).order_by("-since").only("id").limit(limit)
        return [record["_id"] for record in found.as_pymongo()]

    def count_unheard(self) -> int:
        """How many these are."""
        return int(AlarmDocument.objects(state=AlarmState.UNHEARD).count())


def alarm_to_record(alarm: Alarm) -> dict[str, Any]:
    """A record of how a case's alarm stands."""
    return {"_id": alarm.case_ref, **to_record(alarm, "case_ref", "revision")}


def alarm_from_record(record: dict[str, Any]) -> Alarm:
    """How a case's alarm stands, from its record."""
    return from_record(Alarm, record, case_ref=record["_id"])
