"""A source that has posted a report again has its next ones looked up."""

from __future__ import annotations

from services.intake.reports.repeats import Repeats


def test_after_a_repeat_the_next_five_hundred_reports_of_that_source_are_looked_up() -> None:
    repeats = Repeats()
    assert not repeats.expected("forms")
    repeats.note("forms")
    assert not repeats.expected("helpline")
    assert [repeats.expected("forms") for _ in range(501)] == [True] * 500 + [False]


def test_so_many_sources_are_remembered_and_no_more() -> None:
    repeats = Repeats()
    for number in range(1_001):
        repeats.note(f"source-{number}")
    assert not repeats.expected("source-0")
    assert repeats.expected("source-1")
