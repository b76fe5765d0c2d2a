"""How much of one source may wait in quarantine."""

from __future__ import annotations

import pytest

from ngao.chassis.errors import Misconfigured
from services.intake.quarantine.model import QuarantineBounds
from services.intake.settings import read


@pytest.mark.parametrize(("bodies", "size", "reached"), [(0, 0, False), (2, 99, False), (3, 0, True), (1, 100, True)])
def test_either_bound_is_enough(bodies: int, size: int, *, reached: bool) -> None:
    assert QuarantineBounds(3, 100).are_reached(bodies, size) is reached


def test_the_bounds_are_safe_without_a_word() -> None:
    assert read({}).quarantine == QuarantineBounds(500, 33_554_432)
    assert read({"quarantine_bodies": 5, "quarantine_bytes": 70_000}).quarantine == QuarantineBounds(5, 70_000)


@pytest.mark.parametrize("section", [{"quarantine_bodies": 0}, {"quarantine_bytes": 10}, {"quarantine_bytes": "much"}])
def test_a_bound_that_bounds_nothing_stops_the_start_by_name(section: dict[str, object]) -> None:
    with pytest.raises(Misconfigured, match=next(iter(section))):
        read(section)
