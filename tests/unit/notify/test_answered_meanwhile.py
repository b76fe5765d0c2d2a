"""What was answered or covered while it was tried does not come a second time, as if it were another emergency."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from services.notify.channels.outgoing import Outcome
from services.notify.ladders.acknowledge import acknowledge_message
from services.notify.messages.model import State
from services.notify.messages.store import MOST_SHOWN
from tests.unit.notify.test_sending import LATER, NEVER, QUOTA, Office


@pytest.mark.parametrize("outcome", [LATER, QUOTA])
def test_what_another_answered_while_it_was_tried_is_not_tried_again(outcome: Outcome) -> None:
    office = Office()
    office.hear("intake.report.accepted")
    first = office.lease()
    office.clock.advance(timedelta(minutes=10))
    office.escalate()
    acknowledge_message(office.context(), [*office.messages.kept][-1], "grace")
    office.record(first, outcome)
    office.clock.advance(timedelta(hours=1))
    assert (office.send(), office.channel.taken) == (0, [])
    assert office.addressed() == [("duty-officer", State.COVERED), ("deputy", State.ACKNOWLEDGED)]


@pytest.mark.parametrize("outcome", [LATER, QUOTA])
def test_what_a_graver_alarm_covered_while_it_was_tried_is_not_tried_again(outcome: Outcome) -> None:
    office = Office()
    office.hear("intake.report.accepted", "high")
    first = office.lease()
    office.hear("referral.failed", "critical", cause="event-2")
    office.record(first, outcome)
    office.clock.advance(timedelta(minutes=1))
    office.send()
    assert [letter.message_id for letter in office.channel.taken] == [[*office.messages.kept][-1]]


def test_what_a_graver_alarm_covered_is_tried_again_when_that_one_asks_nobody_any_more() -> None:
    office = Office(NEVER, people=("duty-officer",))
    office.hear("intake.report.accepted", "high")
    first = office.lease()
    office.hear("referral.failed", "critical", cause="event-2")
    office.send()
    office.record(first, LATER)
    office.clock.advance(timedelta(minutes=1))
    office.send()
    assert [letter.message_id for letter in office.channel.taken] == [first.id]


@pytest.mark.parametrize("outcome", [LATER, QUOTA])
def test_what_is_older_than_all_that_are_read_of_its_case_is_tried_again(outcome: Outcome) -> None:
    office = Office()
    office.hear("intake.report.accepted")
    first = office.lease()
    office.clock.advance(timedelta(minutes=10))
    office.escalate()
    office.clock.advance(timedelta(seconds=1))
    for number in range(MOST_SHOWN):
        newer = replace(first, id=f"newer-{number}", cause=f"newer-{number}", created_at=office.now, state=State.SENT)
        office.messages.kept[newer.id] = replace(newer, next_attempt=None, lease=None, escalate_at=None)
    office.record(first, outcome)
    office.clock.advance(timedelta(minutes=1))
    office.send()
    assert first.id in [letter.message_id for letter in office.channel.taken]
