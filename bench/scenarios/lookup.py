"""B7: the check for repeats and the lookup by reference among ten thousand reports, a hundred thousand, a million."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime
from typing import Any

from pymongo import MongoClient, WriteConcern

from bench.clock import say
from bench.scenarios.rooms import Database, reading_unit
from bench.stage import Stage
from ngao.chassis.messaging.inbox import Inbox
from ngao.chassis.storage.connection import JOURNAL, Store
from services.intake.reports.store import ReportDocument, ReportRepository

_LOOKUPS = 300
_AT_ONCE = 5000
_LARGE = ("narrative_parts", "sealed_identity", "attachments", "story", "reasons", "consents", "person_keys")


class Registers:
    """One database per size, filled with copies of a report that the platform has stored, without its sealed parts."""

    def __init__(self, stage: Stage, sizes: tuple[int, ...]) -> None:
        with MongoClient[Any](stage.mongo_uri, tz_aware=True) as client:
            found = client["ngao_intake"]["reports"].find_one()
        if found is None:
            raise RuntimeError("the platform has stored no report yet")
        template = {name: value for name, value in found.items() if name not in _LARGE}
        self._databases = {size: Database.make(stage, f"register_{size}") for size in sizes}
        for size, database in self._databases.items():
            say(f"filling a register with {size:,} reports and marks")
            store = database.open("intake")
            store.ensure_indexes((ReportDocument,))
            _fill(store, size, template)

    def look(self, size: int, seed: int) -> dict[str, float]:
        """Return the seconds of a check for a repeat (half of them are), of a lookup by reference and of an inbox check."""
        store, chance = self._databases[size].open("intake"), random.Random(seed)  # noqa: S311  # a sample, no secret
        reports, inbox = ReportRepository(reading_unit(store)), Inbox(store)
        numbers = [chance.randrange(size) for _ in range(_LOOKUPS)]
        for number in numbers[:20]:
            reports.by_case(f"NG-{number}")
        return {
            "repeat": _timed(lambda n: reports.by_source_event("bench", f"e{n if n % 2 else -n - 1}"), numbers),
            "reference": _timed(lambda n: reports.by_case(f"NG-{n}"), numbers),
            "inbox": _timed(lambda n: inbox.seen([f"m{n if n % 2 else -n - 1}"]), numbers),
        }


def _timed(work: Any, numbers: list[int]) -> float:
    began = time.monotonic()
    for number in numbers:
        work(number)
    return (time.monotonic() - began) / len(numbers)


def _fill(store: Store, size: int, template: dict[str, Any]) -> None:
    fast, now = WriteConcern(1), datetime.now(UTC)
    reports = store.database.get_collection(ReportDocument.collection_name(), write_concern=fast)
    marks = store.database.get_collection(JOURNAL, write_concern=fast)
    for first in range(0, size, _AT_ONCE):
        numbers = range(first, min(size, first + _AT_ONCE))
        ids = [{"_id": f"r{n}", "source_id": "bench", "source_event_id": f"e{n}", "case_ref": f"NG-{n}"} for n in numbers]
        reports.insert_many([{**template, **each} for each in ids], ordered=False)
        marks.insert_many([{"_id": f"m{n}", "at": now} for n in numbers], ordered=False)
