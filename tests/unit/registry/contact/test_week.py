"""The hours that two statements have in common."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.contact.week import both, is_never
from services.registry.people.safe_hours import DAYS, is_safe_now

_CLOCK = st.builds(lambda hour, minute: f"{hour:02d}:{minute:02d}", st.integers(0, 23), st.sampled_from([0, 15, 59]))
_HOURS = st.lists(
    st.fixed_dictionaries({"opens": _CLOCK, "closes": _CLOCK, "days": st.lists(st.sampled_from(DAYS), max_size=3, unique=True)}),
    max_size=3,
).map(tuple)
MONDAY = datetime(2026, 11, 23)  # noqa: DTZ001  # the person's own time


@given(_HOURS, _HOURS, st.integers(0, 7 * 24 * 4 - 1))
def test_a_moment_is_in_both_exactly_if_it_is_in_each(one: Any, other: Any, quarter: int) -> None:
    moment = MONDAY + timedelta(minutes=15 * quarter)
    assert is_safe_now(both(one, other), moment) == (is_safe_now(one, moment) and is_safe_now(other, moment))


@pytest.mark.parametrize(("one", "other"), [
    (({"opens": "08:00", "closes": "09:00", "days": []},), ({"opens": "10:00", "closes": "11:00", "days": []},)),
    (({"opens": "08:00", "closes": "09:00", "days": ["mon"]},), ({"opens": "08:00", "closes": "09:00", "days": ["tue"]},)),
])  # fmt: skip
def test_hours_without_a_common_minute_are_never(one: Any, other: Any) -> None:
    assert is_never(both(one, other))


def test_no_hours_are_any_time() -> None:
    assert both((), ()) == ()
    assert not is_never(())
