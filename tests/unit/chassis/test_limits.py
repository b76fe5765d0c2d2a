from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ngao.chassis.errors import TooManyRequests
from ngao.chassis.http.limits import Limiter
from ngao.testing.clock import ManualClock


class Sleeper:
    """Remembers the waits, and lets no time pass: as if all calls came at the same moment."""

    def __init__(self) -> None:
        self.waits: list[float] = []

    def __call__(self, seconds: float) -> None:
        self.waits.append(seconds)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
def sleeper() -> Sleeper:
    return Sleeper()


def test_a_burst_passes_without_waiting(clock: ManualClock, sleeper: Sleeper) -> None:
    limiter = Limiter(clock, rate=10, burst=5, sleep=sleeper)
    for _ in range(5):
        limiter.take("source:forms")
    assert sleeper.waits == []


def test_beyond_the_burst_each_waits_longer_than_the_one_before(clock: ManualClock, sleeper: Sleeper) -> None:
    limiter = Limiter(clock, rate=10, burst=1, sleep=sleeper)
    for _ in range(4):
        limiter.take("source:forms")
    assert sleeper.waits == pytest.approx([0.1, 0.2, 0.3])


def test_after_two_seconds_of_line_the_next_is_refused_and_told_when_to_come_back(clock: ManualClock, sleeper: Sleeper) -> None:
    limiter = Limiter(clock, rate=2, burst=1, sleep=sleeper)
    for _ in range(5):
        limiter.take("source:forms")
    with pytest.raises(TooManyRequests) as refused:
        limiter.take("source:forms")
    assert refused.value.retry_after == 3
    assert max(sleeper.waits) == pytest.approx(2.0)


def test_a_refused_call_costs_no_token(clock: ManualClock, sleeper: Sleeper) -> None:
    limiter = Limiter(clock, rate=1, burst=1, sleep=sleeper)
    for _ in range(3):
        limiter.take("a")
    for _ in range(100):
        with pytest.raises(TooManyRequests):
            limiter.take("a")
    clock.advance(timedelta(seconds=3))
    sleeper.waits.clear()
    limiter.take("a")
    assert sleeper.waits == []


def test_a_flood_from_one_source_does_not_delay_another(clock: ManualClock, sleeper: Sleeper) -> None:
    limiter = Limiter(clock, rate=1, burst=1, sleep=sleeper)
    for _ in range(3):
        limiter.take("source:flood")
    sleeper.waits.clear()
    limiter.take("source:forms")
    assert sleeper.waits == []


def test_time_refills_up_to_the_burst_and_no_further(clock: ManualClock, sleeper: Sleeper) -> None:
    limiter = Limiter(clock, rate=10, burst=2, sleep=sleeper)
    clock.advance(timedelta(hours=1))
    for _ in range(3):
        limiter.take("a")
    assert sleeper.waits == pytest.approx([0.1])


def test_a_clock_set_back_neither_gives_nor_takes_tokens(clock: ManualClock, sleeper: Sleeper) -> None:
    limiter = Limiter(clock, rate=10, burst=2, sleep=sleeper)
    limiter.take("a")
    clock.advance(timedelta(days=-1))
    limiter.take("a")
    assert sleeper.waits == []


def test_an_account_may_have_a_rate_of_its_own(clock: ManualClock, sleeper: Sleeper) -> None:
    limiter = Limiter(clock, rate=1, burst=1, sleep=sleeper)
    for _ in range(3):
        limiter.take("a", rate=100)
    assert sleeper.waits == pytest.approx([0.01, 0.02])


def test_what_is_drawn_ahead_is_owed_in_full_before_the_next_is_drawn(clock: ManualClock, sleeper: Sleeper) -> None:
    limiter = Limiter(clock, rate=50, burst=100, sleep=sleeper)
    limiter.draw_ahead("source:forms", 499, rate=1)
    with pytest.raises(TooManyRequests) as refused:
        limiter.draw_ahead("source:forms", 1, rate=1)
    assert refused.value.retry_after == 399
    limiter.draw_ahead("source:other", 499, rate=1)
    clock.advance(timedelta(seconds=400))
    limiter.draw_ahead("source:forms", 499, rate=1)


def test_many_at_the_same_moment_cannot_all_draw_ahead(clock: ManualClock, sleeper: Sleeper) -> None:
    limiter = Limiter(clock, rate=50, burst=100, sleep=sleeper)
    for _ in range(50):
        limiter.take("source:forms")
    taken = 0
    for _ in range(50):
        try:
            limiter.draw_ahead("source:forms", 499)
        except TooManyRequests:
            continue
        taken += 1
    assert taken == 1


def test_what_was_drawn_ahead_holds_a_single_call_for_ten_seconds_at_most(clock: ManualClock, sleeper: Sleeper) -> None:
    limiter = Limiter(clock, rate=1, burst=1, sleep=sleeper)
    limiter.draw_ahead("source:forms", 499)
    with pytest.raises(TooManyRequests) as refused:
        limiter.take("source:forms")
    assert refused.value.retry_after <= 11
