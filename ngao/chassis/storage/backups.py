"""When a store was backed up last: `ngao backup` leaves a mark in each store that it has read, and the service watches its age.

A store that is lost takes with it everything since. Without a warning, backups that are no longer made are noticed only then.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from pymongo.database import Database

from ngao.chassis.clock import Clock
from ngao.chassis.observability.metrics import Metrics
from ngao.chassis.storage.connection import DURABLE, Store

LATE_AFTER = timedelta(hours=26)
"""A backup a night, and two hours for it to be made and copied. An alert in `deploy/monitoring` has the same number."""

BACKUPS = "backups"
_LAST = {"_id": "last"}
_LATE = "The last backup of the store of {} is older than {:.0f} hours: see docs/runbooks/backup-late.md."
_NONE = "The store of {} has never been backed up: see docs/runbooks/backup-late.md."


def mark(database: Database[dict[str, Any]], taken: datetime) -> None:
    """Note in a store that a backup of this moment exists. Raises PyMongoError."""
    database.get_collection(BACKUPS, write_concern=DURABLE).update_one(_LAST, {"$max": {"at": taken}}, upsert=True)


@dataclass
class BackupWatch:
    """What one process knows of the last backup of its service's store."""

    service: str
    store: Store
    metrics: Metrics
    clock: Clock

    def __post_init__(self) -> None:
        self._last: datetime | None = None
        self._since: datetime | None = None

    def look(self) -> None:
        """Read the mark. The first look at a new store notes the moment from which a backup is awaited."""
        marks = self.store.durable(BACKUPS)
        marks.update_one(_LAST, {"$setOnInsert": {"since": self.clock.now()}}, upsert=True)
        found = marks.find_one(_LAST) or {}
        self._last, self._since = found.get("at"), found.get("since")
        if at := self._last or self._since:
            self.metrics.backed_up.set(at.timestamp())

    def last(self) -> str | None:
        """Return the moment of the last backup, or None: there is none, or it was not looked for yet."""
        return self._last.isoformat() if self._last else None

    def problem(self) -> str | None:
        """Return, for readiness, that a backup is late."""
        at = self._last or self._since
        if at is None or self.clock.now() - at <= LATE_AFTER:
            return None
        return _LATE.format(self.service, LATE_AFTER / timedelta(hours=1)) if self._last else _NONE.format(self.service)
