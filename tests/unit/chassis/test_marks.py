"""Which events get a mark with their effect: all but those whose handler leaves its one record as it is when repeated."""

from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from ngao.chassis.messaging.delivery import Delivery
from ngao.chassis.messaging.inbox import mark_of
from ngao.chassis.messaging.pipeline import Item, Pipeline
from ngao.chassis.storage.unit_of_work import Unit
from ngao.contracts import make
from ngao.testing.memory import no_store, unit_in_memory

EVENT = make("referral.case.closed.v1", subject="NG-0000000001", data={"case_ref": "NG-0000000001", "reason": "completed"})


class UnitsInMemory:
    """Opens units, and keeps those that are committed."""

    def __init__(self) -> None:
        self.committed: list[Unit] = []

    def read(self, _traceparent: str | None = None, *, again: bool = True) -> Unit:
        unit = unit_in_memory(datetime.now(UTC))
        unit.again = again
        return unit

    def commit(self, units: list[Unit]) -> list[None]:
        self.committed.extend(units)
        return [None for _ in units]


@pytest.mark.parametrize(("repeatable", "records", "needs_mark", "marked"), [
    (False, 1, False, True),
    (True, 1, False, False),
    (True, 2, False, True),
    (True, 1, True, True),
], ids=["not repeatable", "repeatable", "repeatable, but with a second record", "repeatable, but not this time"])  # fmt: skip
def test_an_effect_has_a_mark_unless_it_can_be_repeated(
    *, repeatable: bool, records: int, needs_mark: bool, marked: bool
) -> None:
    def handle(items: list[Item]) -> None:
        for unit in (item.unit for item in items if item.unit):
            unit.needs_mark = needs_mark
            for number in range(records):
                unit.keep("summaries", {"_id": str(number)}, 0)

    units: Any = UnitsInMemory()
    pipeline = Pipeline(units, no_store("the inbox"), no_store("parking"), no_store("signatures"), (), handle, edge=False)
    entrypoint = SimpleNamespace(repeatable=repeatable)
    delivery = Delivery("queue", "routine.key", b"", "application/json", None, EVENT.id)
    pipeline.run([Item(delivery, SimpleNamespace(entrypoint=entrypoint), None, 1, event=EVENT)])
    (unit,) = units.committed
    assert unit.marks == ([mark_of(EVENT)] if marked else [])
