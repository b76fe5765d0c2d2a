"""Eleven faults in short, on one platform of their own: engine and checker of `make faults`, less load, a shorter lease."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.engine import tables
from tests.faults.engine.faults import FAULTS
from tests.faults.engine.keeping import keep
from tests.faults.engine.rounds import Pace, play
from tests.faults.engine.site import Site, opened

PACE = Pace(before=1.0, after=0.5)
SHORT = (
    "killed-before-commit", "killed-after-commit", "killed-after-publish", "killed-before-ack", "broker-killed",
    "connections-cut", "binding-deleted", "mongod-killed", "answer-lost", "duplicates", "console-away",
)  # fmt: skip

pytestmark = [pytest.mark.thorough, pytest.mark.slow, pytest.mark.faults, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    with opened(lambda _line: None, lease_s=4) as made:
        yield made


@pytest.mark.parametrize("name", SHORT)
def test_nothing_is_lost_doubled_or_made_up(site: Site, name: str, tmp_path: Path) -> None:
    result = play(site, FAULTS[name].shortened(), seed=1, pace=PACE)
    assert result.good, "\n".join([*tables.reasons(result), f"kept in {keep(site, result, tmp_path)}"])
