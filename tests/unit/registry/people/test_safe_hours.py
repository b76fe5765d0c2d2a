"""Whether now is a safe time, in the person's own time."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest

from services.registry.people.safe_hours import DAYS, is_safe_now


def hours(opens: str, closes: str, *days: str) -> dict[str, Any]:
    return {"opens": opens, "closes": closes, "days": list(days)}


def at(clock: str, day: str = "mon") -> datetime:
    return datetime.fromisoformat(f"2026-11-{23 + DAYS.index(day)}T{clock}")


@pytest.mark.parametrize(("stated", "now", "safe"), [
    ([], at("03:00"), True),
    ([hours("18:00", "20:00")], at("18:00"), True),
    ([hours("18:00", "20:00")], at("19:59"), True),
    ([hours("18:00", "20:00")], at("20:00"), False),
    ([hours("18:00", "20:00")], at("17:59"), False),
    ([hours("18:00", "20:00", "sat")], at("19:00", "sat"), True),
    ([hours("18:00", "20:00", "sat")], at("19:00", "sun"), False),
    ([hours("06:00", "07:00"), hours("18:00", "20:00", "tue")], at("18:30", "tue"), True),
    ([hours("22:00", "02:00", "fri")], at("23:00", "fri"), True),
    ([hours("22:00", "02:00", "fri")], at("01:59", "sat"), True),
    ([hours("22:00", "02:00", "fri")], at("02:00", "sat"), False),
    ([hours("22:00", "02:00", "fri")], at("01:00", "fri"), False),
    ([hours("22:00", "02:00", "fri")], at("23:00", "sat"), False),
    ([hours("22:00", "02:00", "sun")], at("01:00", "mon"), True),
    ([hours("08:00", "08:00")], at("08:00"), False),
    ([{"opens": "08:00", "closes": "09:00"}], at("08:30"), True),
])  # fmt: skip
def test_a_moment_is_safe_if_it_is_in_one_of_the_hours(stated: list[dict[str, Any]], now: datetime, safe: bool) -> None:
    assert is_safe_now(stated, now) is safe
