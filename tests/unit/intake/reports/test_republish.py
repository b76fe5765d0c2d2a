"""When a report is told again: as long as nobody is known to have its case, ever more seldom."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from services.intake.reports.model import LATEST_AGAIN, SOONEST_AGAIN, Report
from services.intake.reports.progress import Step
from services.intake.triage.model import Triage

CAME = datetime(2026, 3, 1, tzinfo=UTC)


@pytest.fixture
def report() -> Report:
    return Report(
        id="r1", case_ref="NG-1", source_id="forms", source_event_id="e1", fingerprint="f", received_at=CAME, occurred_at=CAME,
        occurred_precision="exact", reporter_role="self", violations=(), needs=(), needs_proposed=(), county="KE-30",
        place_precision="exact", languages=(), consents=(), triage=Triage("routine", (), 0, "v1", 0),
        republish_at=CAME + SOONEST_AGAIN,
    )  # fmt: skip


def step(what: str) -> Step:
    return Step(f"referral.{what}", CAME, 1)


def told_at(report: Report, until: timedelta) -> list[float]:
    """The ages in seconds at which somebody who looks every second tells it."""
    seconds = range(int(until.total_seconds()) + 1)
    return [age for age in seconds if report.republish_if_due(CAME + timedelta(seconds=age))]


def test_it_is_told_again_after_half_a_minute_and_then_after_twice_its_age(report: Report) -> None:
    assert told_at(report, timedelta(minutes=10)) == [30, 60, 120, 240, 480]


def test_it_is_told_at_least_every_hour(report: Report) -> None:
    times = told_at(report, timedelta(hours=9))
    assert max(later - sooner for sooner, later in pairwise(times)) == 3600


@pytest.mark.parametrize("what", ["case.opened", "case.closed"])
def test_it_is_told_no_more_once_its_case_is_known(report: Report, what: str) -> None:
    report.note(step(what))
    assert told_at(report, timedelta(hours=2)) == []


def test_another_step_does_not_say_that_everybody_has_heard(report: Report) -> None:
    report.note(step("unroutable"))
    assert told_at(report, timedelta(minutes=1)) == [30, 60]


def test_what_is_forgotten_is_told_no_more(report: Report) -> None:
    report.erase(CAME)
    assert told_at(report, timedelta(hours=2)) == []


def test_a_moment_that_a_wrong_clock_set_holds_nothing_up(report: Report) -> None:
    astray = replace(report, republish_at=CAME + timedelta(days=2))
    assert astray.republish_if_due(CAME + timedelta(seconds=1))
    assert astray.republish_at is not None
    assert astray.republish_at <= CAME + LATEST_AGAIN
