"""A missed check-in is a report, and a call for help in secret a critical one, whatever codes the lists have lost since."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from ngao.contracts.events.intake import ReportAccepted, StatedConsent
from ngao.contracts.events.registry import CheckinDuress, CheckinMissed
from ngao.kernel.ids import CHECKINS_SOURCE
from services.intake.checkins.receive import receive_duress, receive_missed
from services.intake.policy import IntakePolicy
from tests.support.memory_intake import START, MemoryIntake

SAID: dict[str, Any] = {
    "checkin_id": "CHK-0000000001", "occasion": 1, "defender_ref": "DEF-0000000001", "kind": "journey", "due_at": START,
    "county": "KE-30", "languages": ("sw",), "needs": ("legal_aid",),
    "consent": (StatedConsent(purpose="referral", scope=("contact",)),),
}  # fmt: skip


@pytest.fixture
def intake(policy: IntakePolicy) -> MemoryIntake:
    return MemoryIntake(policy)


def test_a_call_for_help_is_critical_and_a_missed_one_high(intake: MemoryIntake) -> None:
    receive_missed(intake.ctx, CheckinMissed(**SAID))
    receive_duress(intake.ctx, CheckinDuress(**SAID))
    missed, duress = intake.payloads(ReportAccepted)
    assert (missed.urgency, duress.urgency) == ("high", "critical")
    for each in (missed, duress):
        assert (each.source_id, each.defender_ref, each.county, each.needs) == (
            CHECKINS_SOURCE, "DEF-0000000001", "KE-30", ("legal_aid",),
        )  # fmt: skip
        assert [(one.purpose, one.scope) for one in each.consent] == [("referral", ("contact",))]


def test_the_same_event_again_is_no_second_report_and_a_later_call_is(intake: MemoryIntake) -> None:
    for _ in range(2):
        ctx = intake.ctx
        ctx.repeats.note(CHECKINS_SOURCE)
        receive_duress(ctx, CheckinDuress(**SAID))
    assert len(intake.payloads(ReportAccepted)) == 1
    receive_duress(intake.ctx, CheckinDuress(**SAID | {"due_at": START + timedelta(minutes=1)}))
    assert len(intake.payloads(ReportAccepted)) == 2


def test_a_code_that_the_lists_do_not_know_costs_nothing_but_itself(intake: MemoryIntake) -> None:
    odd = {"county": "KE-99", "languages": ("sw", "xx"), "needs": ("legal_aid", "gone"), "due_at": START + timedelta(days=2)}
    receive_missed(intake.ctx, CheckinMissed(**SAID | odd))
    (accepted,) = intake.payloads(ReportAccepted)
    assert (accepted.county, accepted.languages, accepted.needs) == ("", ("sw",), ("legal_aid",))
