"""Lease, send, record: once where possible, again where needed, never silently lost."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from ngao.chassis.errors import Misconfigured
from ngao.testing.notify import MemoryChannel, MemoryRoster, shipped_policy
from services.notify.channels.account import MailAccount
from services.notify.channels.outgoing import Outcome, Result
from services.notify.ladders.acknowledge import acknowledge_message
from services.notify.ladders.escalate import escalate_message
from services.notify.messages.model import Message, State
from services.notify.messages.plan import plan_messages
from services.notify.messages.record_outcome import record_outcome
from services.notify.messages.send import LEASE, Sender, send_for_one_turn
from services.notify.settings import read_own
from tests.support.notify import START, NotifyUnderTest, facts, officers, partner

POLICY = shipped_policy()
LATER, NEVER = Outcome(Result.TRANSIENT_FAILURE, "smtp_451"), Outcome(Result.PERMANENT_FAILURE, "smtp_550")


class Office(NotifyUnderTest):
    """Notify in memory, with a channel and an account."""

    def __init__(self, *answers: Outcome, people: tuple[str, ...] = ("duty-officer", "deputy", "coordinator")) -> None:
        super().__init__(*officers(*people), partner("clinic"))
        self.account, self.channel = MailAccount(), MemoryChannel(*answers)

    def hear(self, event: str, urgency: str = "critical", cause: str = "event-1") -> None:
        plan_messages(self.context(), facts(event, urgency, cause=cause))

    def send(self, *, urgent_only: bool = False) -> int:
        post = self.sender()
        return send_for_one_turn(self.due_messages, post, self.account, self.record, self.clock.now, urgent_only=urgent_only)

    def sender(self) -> Sender:
        return Sender(POLICY.templates, "", {"email": self.channel}, MemoryRoster(self.roster))

    def record(self, leased: Message, outcome: Outcome) -> None:
        record_outcome(self.context(), leased, outcome)

    def escalate(self) -> None:
        for message_id in self.context().messages.overdue(self.clock.now(), POLICY.furthest, 100):
            escalate_message(self.context(), message_id)

    def lease(self) -> Message:
        leased = self.due_messages.lease_next(self.clock.now(), LEASE, urgent_only=False)
        assert leased is not None
        return leased


def test_a_due_message_is_sent_once_and_said() -> None:
    office = Office()
    office.hear("referral.offered")
    assert (office.send(), office.send()) == (1, 0)
    assert office.said == [("sent", "partner:clinic", "")]
    assert office.channel.taken[0].address == "clinic@example.org"
    assert office.channel.taken[0].subject == "Tafadhali angalia sasa"


def test_urgent_messages_go_before_routine_ones_that_waited_longer() -> None:
    office = Office()
    office.hear("referral.offered", "low", cause="event-1")
    office.clock.advance(timedelta(seconds=9))
    office.hear("intake.report.accepted", cause="event-2")
    office.send()
    assert [letter.address for letter in office.channel.taken] == ["duty-officer@example.org", "clinic@example.org"]


def test_the_urgent_lane_leaves_routine_messages_to_the_other() -> None:
    office = Office()
    office.hear("referral.offered", "low")
    assert (office.send(urgent_only=True), office.send()) == (0, 1)


def test_a_temporary_error_is_tried_again_after_a_growing_wait_with_the_same_message_id() -> None:
    office = Office(LATER, LATER)
    office.hear("referral.offered")
    assert office.send() == 1
    waits: list[datetime] = []
    while office.said == []:
        message = next(iter(office.messages.kept.values()))
        assert (message.state, message.reason) == (State.QUEUED, "smtp_451")
        waits.append(message.next_attempt)
        office.clock.advance(message.next_attempt - office.clock.now())
        office.send()
    assert [(wait - START).total_seconds() for wait in waits] == [5, 20]
    assert len({letter.message_id for letter in office.channel.tried}) == 1


def test_temporary_errors_without_end_become_a_failure_that_the_duty_officer_hears_of() -> None:
    office = Office(*[LATER] * 7)
    office.hear("referral.offered")
    for _ in range(6):
        office.send()
        office.clock.advance(timedelta(hours=1))
    assert office.said == [("failed", "partner:clinic", "duty_officer:duty-officer")]
    lost, note = office.messages.kept.values()
    assert (lost.state, lost.reason, lost.attempts) == (State.FAILED, "given_up", 6)
    assert (note.template, note.cause, note.state) == ("not_reached", lost.id, State.QUEUED)


def test_a_permanent_error_fails_at_once_and_the_ladders_next_human_is_told() -> None:
    office = Office(NEVER)
    office.hear("intake.report.accepted")
    office.send()
    assert office.said == [
        ("failed", "duty_officer:duty-officer", "duty_officer:deputy"),
        ("sent", "duty_officer:deputy", ""),
    ]


def test_when_everybody_on_the_ladder_is_lost_the_operator_is_named() -> None:
    office = Office(*[NEVER] * 20)
    office.hear("intake.report.accepted")
    office.send()
    assert office.said[-1][0] == "failed"
    assert office.said[-1][2] == "operator"
    assert all(message.escalate_at is None for message in office.messages.kept.values())


def test_a_message_whose_sender_died_is_sent_again_with_the_same_id_when_the_lease_is_over() -> None:
    office = Office()
    office.hear("referral.offered")
    dead = office.lease()
    assert office.send() == 0
    office.clock.advance(LEASE)
    assert office.send() == 1
    assert office.channel.taken[0].message_id == dead.id


def test_a_sender_that_comes_back_after_its_lease_changes_nothing() -> None:
    office = Office()
    office.hear("referral.offered")
    slow = office.lease()
    office.clock.advance(LEASE)
    office.send()
    office.record(slow, NEVER)
    assert office.said == [("sent", "partner:clinic", "")]


def test_what_was_acknowledged_while_it_was_sent_stays_acknowledged() -> None:
    office = Office()
    office.hear("intake.report.accepted")
    leased = office.lease()
    acknowledge_message(office.context(), leased.id, "grace")
    office.record(leased, Outcome(Result.ACCEPTED))
    assert office.addressed() == [("duty-officer", State.ACKNOWLEDGED)]


def test_somebody_taken_off_the_roster_meanwhile_is_a_failure_and_no_crash() -> None:
    office = Office()
    office.hear("referral.offered")
    for key in [each for each in office.roster if each.kind == "partner"]:
        del office.roster[key]
    office.send()
    assert office.said[0] == ("failed", "partner:clinic", "duty_officer:duty-officer")


def test_a_turn_ends_so_that_a_stopping_service_need_not_wait() -> None:
    office = Office()
    for number in range(4):
        office.hear("referral.offered", cause=f"event-{number}")
    ticks = iter(range(0, 60, 2))
    post = Sender(POLICY.templates, "", {"email": office.channel}, MemoryRoster(office.roster))
    due = office.due_messages
    tried = send_for_one_turn(due, post, office.account, office.record, lambda: START + timedelta(seconds=next(ticks)))
    assert 0 < tried < 4


def test_where_no_letter_would_get_through_the_others_keep_their_tries() -> None:
    office = Office(Outcome(Result.TRANSIENT_FAILURE, "smtp_unreachable", for_all=True))
    for number in range(4):
        office.hear("referral.offered", cause=f"event-{number}")
    assert (office.send(), office.channel.taken) == (1, [])
    office.clock.advance(timedelta(seconds=1))
    assert (office.send(), len(office.channel.taken)) == (4, 4)
    assert {message.attempts for message in office.messages.kept.values()} == {1}


QUOTA = Outcome(Result.TRANSIENT_FAILURE, "smtp_550_5.4.5", for_all=True)


def test_while_the_account_is_refused_no_letter_spends_a_try_however_long_it_lasts_and_then_each_goes_out_once() -> None:
    office = Office(*[QUOTA] * 10_000)
    office.hear("intake.report.accepted")
    office.hear("referral.offered", cause="event-2")
    for _ in range(2 * 60 * 8):
        office.send()
        office.escalate()
        office.clock.advance(timedelta(seconds=30))
    assert {message.state for message in office.messages.kept.values()} == {State.QUEUED}
    assert not [said for said in office.said if said[0] == "failed"]
    assert all(len(message.notes) < 5 for message in office.messages.kept.values())
    office.channel.relent()
    office.send()
    officers_told = ["duty-officer@example.org", "deputy@example.org", "coordinator@example.org"]
    assert sorted(letter.address for letter in office.channel.taken) == sorted([*officers_told, "clinic@example.org"])


def test_after_the_wait_for_the_account_the_reader_has_the_whole_time_to_answer() -> None:
    office = Office(QUOTA, people=("coordinator",))
    office.hear("intake.report.accepted")
    office.send()
    office.clock.advance(timedelta(hours=5))
    office.escalate()
    office.send()
    (message,) = (each for each in office.messages.kept.values() if each.state is State.SENT)
    assert message.escalate_at == office.clock.now() + timedelta(minutes=15)


@pytest.mark.parametrize("being_tried", [False, True])
def test_while_the_account_is_refused_the_only_person_with_an_address_keeps_the_ladder(*, being_tried: bool) -> None:
    office = Office(QUOTA, people=("duty-officer",))
    office.hear("intake.report.accepted")
    office.send()
    office.clock.advance(timedelta(hours=5))
    leased = office.lease() if being_tried else None
    office.escalate()
    if leased:
        office.record(leased, QUOTA)
        office.clock.advance(timedelta(seconds=30))
    office.send()
    (message,) = (each for each in office.messages.kept.values() if each.state is State.SENT)
    assert message.escalate_at == office.clock.now() + timedelta(minutes=10)


def test_who_was_not_even_tried_while_the_account_was_refused_has_the_whole_time_to_answer_too() -> None:
    office = Office(people=("duty-officer",))
    office.hear("intake.report.accepted")
    office.clock.advance(timedelta(minutes=10))
    office.escalate()
    office.clock.advance(timedelta(minutes=9))
    office.send()
    (message,) = (each for each in office.messages.kept.values() if each.state is State.SENT)
    assert message.escalate_at == office.clock.now() + timedelta(minutes=10)


def test_a_letter_that_is_taken_for_the_whole_account_again_and_again_does_not_hold_the_others() -> None:
    office = Office(*[QUOTA] * 3)
    office.hear("intake.report.accepted")
    office.hear("referral.offered", "low", cause="event-2")
    office.send()
    for _ in range(2):
        office.clock.advance(timedelta(seconds=30))
        office.send()
    assert {letter.address for letter in office.channel.tried} == {"duty-officer@example.org", "clinic@example.org"}


@pytest.mark.parametrize("seconds", [0, 301, "soon"])
def test_a_pause_that_is_none_or_too_long_stops_the_start(seconds: Any) -> None:
    own = {"smtp": {"host": "mail.example.org", "port": 587, "from": "desk@example.org"}, "longest_pause_s": seconds}
    with pytest.raises(Misconfigured, match=r"own\.longest_pause_s"):
        read_own(own)


def test_a_refused_account_is_tried_again_within_half_a_minute() -> None:
    account = MailAccount(read_own({"smtp": {"host": "mail.example.org", "port": 587, "from": "desk@example.org"}}).longest_pause)
    for _ in range(50):
        account.note(QUOTA, START)
    assert not account.may_try(START + timedelta(seconds=29))
    assert account.may_try(START + timedelta(seconds=30))
    assert account.may_try(START - timedelta(days=2))
    account.note(NEVER, START)
    assert (account.is_refused, account.refused_since) == (False, None)
