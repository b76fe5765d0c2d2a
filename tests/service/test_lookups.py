"""Reads that come at the same moment share one query, and each reader gets what it asked for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from ngao.chassis.settings import StoreSettings
from ngao.chassis.storage.connection import Store
from ngao.chassis.storage.lookups import Lookup
from ngao.testing.processes import World

READERS = 20


class Gate:
    """A read that waits until it is let through, and counts."""

    def __init__(self, answer: Any = ()) -> None:
        self.asked: list[list[str]] = []
        self.first_is_there, self.go = threading.Event(), threading.Event()
        self._answer = answer

    def __call__(self, keys: list[str]) -> list[dict[str, Any]]:
        self.asked.append(keys)
        if len(self.asked) == 1:
            self.first_is_there.set()
            self.go.wait(10)
        if isinstance(self._answer, Exception):
            raise self._answer
        return [{"_id": key} for key in keys if key != "nobody"]


@pytest.fixture
def store(world: World) -> Iterator[Store]:
    settings = StoreSettings(world.parts.mongo_hosts, "rs0", world.database("lookups"), None, None, None, 3000)
    made = Store(settings, alias="lookups")
    yield made
    made.close()


def _side_by_side(lookup: Lookup, gate: Gate, keys: list[str]) -> dict[str, Any]:
    """Ask for the first, and while that is on its way for all others; what each got, or its error."""
    found: dict[str, Any] = {}

    def read(key: str) -> None:
        try:
            found[key] = lookup.one(key)
        except Exception as error:  # noqa: BLE001  # what the test looks at
            found[key] = error

    readers = [threading.Thread(target=read, args=(key,)) for key in keys]
    readers[0].start()
    assert gate.first_is_there.wait(10)
    for reader in readers[1:]:
        reader.start()
    while len(lookup._waiting) < len(keys) - 1:
        threading.Event().wait(0.001)
    gate.go.set()
    for reader in readers:
        reader.join(10)
    return found


def test_who_asks_while_a_query_is_on_its_way_is_answered_by_the_next_one() -> None:
    gate = Gate()
    keys = [f"k{number}" for number in range(READERS - 1)] + ["nobody"]
    found = _side_by_side(Lookup(gate, lambda record: (record["_id"],), 3.0), gate, keys)
    assert found == {key: {"_id": key} for key in keys[:-1]} | {"nobody": None}
    assert [len(each) for each in gate.asked] == [1, READERS - 1]


def test_when_the_query_fails_nobody_hangs() -> None:
    gate, keys = Gate(ConnectionError("away")), [f"k{number}" for number in range(READERS)]
    found = _side_by_side(Lookup(gate, lambda record: (record["_id"],), 3.0), gate, keys)
    assert {type(each) for each in found.values()} == {ConnectionError}
    assert len(gate.asked) == 1


def test_records_are_found_by_any_field_and_what_was_written_is_seen_at_once(store: Store) -> None:
    records = store.durable("things")
    records.insert_many([{"_id": f"{owner}{at}", "owner": owner, "name": str(at)} for owner in "ab" for at in range(3)])
    names = store.lookups.by("things", "name", also={"owner": "a"})
    assert [each["_id"] for each in names.find(["1"])] == ["a1"]
    assert sorted(each["_id"] for each in names.find(["0", "2", "7"])) == ["a0", "a2"]
    assert names.find([]) == []
    assert store.lookups.by("things").one("b2") == {"_id": "b2", "owner": "b", "name": "2"}
    records.delete_one({"_id": "b2"})
    assert store.lookups.by("things").one("b2") is None
