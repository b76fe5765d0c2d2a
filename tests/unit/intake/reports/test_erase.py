"""A report is erased when its time is over, and not when something new about it came in the meantime."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services.intake.policy import IntakePolicy
from services.intake.reports.draft import Violation
from services.intake.reports.erase import erase_report
from services.intake.reports.follow_referral import note_progress
from services.intake.reports.model import Report, Update
from services.intake.reports.progress import Step
from services.intake.reports.reading import read_report
from services.intake.reports.receive import receive_report
from services.intake.reports.update import update_report
from tests.support.intake import anonymous
from tests.support.memory_intake import MemoryIntake

YEAR = timedelta(days=366)


class Closed:
    """A report whose case was closed a year ago."""

    def __init__(self, policy: IntakePolicy) -> None:
        self.intake = MemoryIntake(policy)
        self.receipt = receive_report(self.intake.ctx, "forms", read_report(anonymous(), policy.vocabulary))
        note_progress(self.intake.ctx, self.receipt.case_ref, Step("referral.case.closed", self.intake.now, 3))
        self.passes(YEAR)

    def passes(self, time: timedelta) -> None:
        self.intake.wait(time.total_seconds())

    def is_updated(self) -> None:
        update_report(self.intake.ctx, "forms", self.receipt.report_id, Update(violations=(Violation("torture"),)))

    @property
    def report(self) -> Report:
        return self.intake.ctx.reports.of_case(self.receipt.case_ref)

    @property
    def due(self) -> list[tuple[str, str]]:
        ctx = self.intake.ctx
        return ctx.reports.due(ctx.policy.retention.ends("reports", ctx.now), 10)

    def erases(self, why: str = "closed") -> bool:
        erase_report(self.intake.ctx, self.receipt.report_id, why)
        return self.report.erased_at is not None


@pytest.fixture
def closed(policy: IntakePolicy) -> Closed:
    return Closed(policy)


def test_it_is_erased_when_its_time_is_over(closed: Closed) -> None:
    assert closed.due == [(closed.receipt.report_id, "closed")]
    assert closed.erases()


def test_an_update_that_came_after_it_was_found_due_is_not_erased_before_referral_has_reopened_the_case(closed: Closed) -> None:
    assert closed.due
    closed.is_updated()
    assert not closed.erases()
    assert closed.due == []


def test_after_the_update_it_is_kept_as_long_as_after_the_end_of_its_case(closed: Closed) -> None:
    closed.is_updated()
    closed.passes(YEAR)
    assert closed.due
    assert closed.erases()


def test_a_case_that_is_open_again_or_a_report_that_is_not_withdrawn_is_not_erased_for_that(closed: Closed) -> None:
    note_progress(closed.intake.ctx, closed.receipt.case_ref, Step("referral.case.reopened", closed.intake.now, 9))
    assert not closed.erases("closed")
    assert not closed.erases("withdrawn")
