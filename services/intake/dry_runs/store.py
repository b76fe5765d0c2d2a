"""Stored counts of each source's dry runs about a person, for all processes together."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from mongoengine import DateTimeField, DictField, IntField
from pymongo import ReturnDocument
from pymongo.collection import Collection

from ngao.chassis.storage.documents import Stored
from ngao.chassis.storage.held import INTERNAL
from services.intake.dry_runs.model import Asked

_DAYS = 7


class DryRunDocument(Stored):
    """The dry runs about a person that one source has asked for on one day (UTC), in all and by hour: counts alone."""

    day = DateTimeField(required=True, **INTERNAL)
    in_day = IntField(required=True, **INTERNAL)
    in_hours = DictField(IntField(), **INTERNAL)

    meta = {  # noqa: RUF012  # mongoengine's way
        "db_alias": "intake",
        "collection": "dry_runs",
        "indexes": [{"fields": ["day"], "expireAfterSeconds": _DAYS * 86400}],
    }


class DryRunCounter:
    """Outside any unit: what is refused counts as well, and a unit that is tried again must not count twice."""

    def __init__(self, collection: Collection[dict[str, Any]]) -> None:
        self._days = collection

    def add(self, source_id: str, now: datetime) -> Asked:
        """Count one more; gives how many it makes."""
        hour = f"{now:%H}"
        day = now.replace(hour=0, minute=0, second=0, microsecond=0)
        found = self._days.find_one_and_update(
            {"_id": f"{source_id}/{day:%Y-%m-%d}"},
            {"$inc": {"in_day": 1, f"in_hours.{hour}": 1}, "$setOnInsert": {"day": day, "revision": 1}},
            upsert=True,
            return_document=ReturnDocument.AFTER,
        )
        counted = cast("dict[str, Any]", found)
        return Asked(counted["in_hours"][hour], counted["in_day"])
