"""Dry runs about somebody: bounded in an hour and on a day, and each leaves a trace without a name."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ngao.chassis.errors import Misconfigured, TooManyRequests
from services.intake.dry_runs.model import Asked, DryRunBounds
from services.intake.dry_runs.validate import audit_dry_run, demand_answerable
from services.intake.policy import IntakePolicy
from services.intake.reports.draft import Person
from services.intake.settings import read
from tests.support.memory_intake import MemoryIntake

BOUNDS = DryRunBounds(per_hour=3, per_day=5)
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
PERSON = Person({"names": ["Amina Mfano"], "phones": ["+254700000001", "+254700000002"]}, defender_ref="DEF-0000000001")


class Counted:
    """What a counter makes of these moments."""

    def __init__(self) -> None:
        self._moments: list[datetime] = []

    def add(self, now: datetime) -> Asked:
        self._moments.append(now)
        in_day = [each for each in self._moments if each.date() == now.date()]
        return Asked(sum(each.hour == now.hour for each in in_day), len(in_day))


@given(st.lists(st.integers(0, 3 * 3600), max_size=60), st.integers(0, 86_399))
def test_no_hour_and_no_day_gives_more_answers_than_its_bound(steps: list[int], begin: int) -> None:
    counted, now, answered = Counted(), NOON.replace(hour=0) + timedelta(seconds=begin), []
    for step in steps:
        now += timedelta(seconds=step)
        wait = BOUNDS.wait(counted.add(now), now)
        if wait is None:
            answered.append(now)
        else:
            assert timedelta(0) < wait <= timedelta(days=1)
    for span, most in ((13, BOUNDS.per_hour), (10, BOUNDS.per_day)):
        windows = [each.isoformat()[:span] for each in answered]
        assert all(windows.count(window) <= most for window in windows)


@pytest.mark.parametrize(
    ("asked", "now", "wait"),
    [
        (Asked(3, 3), NOON, None),
        (Asked(4, 4), NOON + timedelta(minutes=59), timedelta(minutes=1)),
        (Asked(1, 6), NOON + timedelta(hours=11), timedelta(hours=1)),
        (Asked(4, 6), NOON, timedelta(hours=12)),
    ],
)
def test_a_source_waits_until_the_hour_or_day_is_over(asked: Asked, now: datetime, wait: timedelta | None) -> None:
    assert BOUNDS.wait(asked, now) == wait


def test_a_refusal_has_a_code_and_the_seconds_to_wait() -> None:
    with pytest.raises(TooManyRequests) as refused:
        demand_answerable(Asked(4, 4), BOUNDS, NOON + timedelta(minutes=59))
    assert (refused.value.slug, refused.value.status, refused.value.retry_after) == ("too-many-dry-runs", 429, 60)


def test_each_answer_is_audited_and_of_the_refusals_the_first_of_its_hour_and_day(policy: IntakePolicy) -> None:
    intake, counted = MemoryIntake(policy), Counted()
    for _ in range(3):
        for _ in range(6):
            audit_dry_run(intake.ctx, "forms", PERSON, counted.add(intake.now), BOUNDS)
        intake.wait(3600)
    actions = [action for action, _, _ in intake.audit]
    assert actions.count("report.validated") == BOUNDS.per_day - 2, "three of the first hour; then the day is used up"
    assert actions.count("report.validation_refused") == 2
    assert {who for _, who, _ in intake.audit} == {"forms source:forms"}
    assert all(detail["identifiers"] == "4" for _, _, detail in intake.audit)
    assert not any(each in json.dumps(intake.audit) for each in ("Mfano", "2547", "DEF-"))


def test_asking_without_a_name_is_no_question_about_anybody() -> None:
    assert not Person(attributes={"gender": "woman"}).is_named
    assert Person(defender_ref="DEF-0000000001").is_named


def test_the_bounds_are_safe_without_a_word_and_checked_at_the_start() -> None:
    assert read({}).dry_runs == DryRunBounds(60, 300)
    assert read({"dry_runs_per_hour": 5, "dry_runs_per_day": 5}).dry_runs == DryRunBounds(5, 5)


@pytest.mark.parametrize(
    ("section", "named"),
    [
        ({"dry_runs_per_hour": 0}, "dry_runs_per_hour"),
        ({"dry_runs_per_hour": 1.5}, "dry_runs_per_hour"),
        ({"dry_runs_per_hour": 500}, "dry_runs_per_day"),
        ({"dry_runs_per_day": 1_000_000}, "dry_runs_per_day"),
        ({"dry_runs_a_week": 5}, "dry_runs_a_week"),
    ],
)
def test_a_bound_that_bounds_nothing_stops_the_start_by_name(section: dict[str, float], named: str) -> None:
    with pytest.raises(Misconfigured, match=named):
        read(section)
