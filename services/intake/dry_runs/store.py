"""How many dry runs about somebody each source has asked for, counted for all processes together."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from pymongo import ReturnDocument
from pymongo.collection import Collection

from services.intake.dry_runs.model import Asked


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
