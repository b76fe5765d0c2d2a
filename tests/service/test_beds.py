"""One bed is never promised twice, however many processes want it at the same moment."""

from __future__ import annotations

import multiprocessing

import pytest

from ngao.testing.processes import World
from tests.support.documents import documents
from tests.support.racing import AT_ONCE, race, store_at

RACERS = 3


@pytest.mark.parametrize("beds", [250, pytest.param(1_000, marks=pytest.mark.thorough)])
def test_a_bed_that_several_processes_want_at_once_is_promised_once(world: World, beds: int) -> None:
    store = store_at(world.parts.mongo_hosts, world.database(f"beds-{beds}"))
    store.ensure_indexes(documents("referral"))
    spawning = multiprocessing.get_context("spawn")
    start, results = spawning.Barrier(RACERS), spawning.Queue()
    at = (world.parts.mongo_hosts, world.database(f"beds-{beds}"))
    racers = [spawning.Process(target=race, args=(at, each, beds, start, results), daemon=True) for each in range(RACERS)]
    for each in racers:
        each.start()
    found = [results.get(timeout=240) for _ in racers]
    for each in racers:
        each.join(10)
    held = list(store.database["engagements"].find({}, {"partner_id": 1, "place": 1}))
    store.close()
    assert sum(won for won, _ in found) == beds
    assert len(held) == len({each["partner_id"] for each in held}) == beds
    assert {each["place"] for each in held} == {0}
    assert sum(again for _, again in found) > beds // AT_ONCE, "They hardly ever wanted the same bed at the same moment."
