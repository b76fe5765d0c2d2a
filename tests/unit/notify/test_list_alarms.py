"""The alarms that no one has acknowledged are listed by their cause, and nothing newer displaces them."""

from __future__ import annotations

from datetime import timedelta

from services.notify.channels.outgoing import Outcome, Result
from services.notify.ladders.acknowledge import acknowledge
from services.notify.ladders.escalate import escalate_message
from services.notify.ladders.list_alarms import list_alarms
from services.notify.messages.model import Message
from services.notify.messages.plan import plan_messages
from services.notify.messages.record_outcome import record_outcome
from services.notify.messages.send import LEASE
from services.notify.messages.store import MOST_SHOWN
from tests.support.notify import NotifyUnderTest, facts, officers, partner


def alarm(notify: NotifyUnderTest, cause: str) -> None:
    plan_messages(notify.context(), facts("intake.report.accepted", cause=cause))


def send(notify: NotifyUnderTest) -> None:
    while leased := notify.due_messages.lease_next(notify.clock.now(), LEASE, urgent_only=False):
        record_outcome(notify.context(), leased, Outcome(Result.ACCEPTED))


def escalate(notify: NotifyUnderTest) -> None:
    notify.clock.advance(timedelta(minutes=10))
    for message_id in notify.context().messages.overdue(notify.clock.now(), notify.policy.furthest, 100):
        escalate_message(notify.context(), message_id)


def steps(notify: NotifyUnderTest) -> list[Message]:
    return sorted((each for each in notify.messages.kept.values() if each.ladder), key=lambda each: each.position)


def listed(notify: NotifyUnderTest) -> list[str]:
    return [each["message_id"] for each in list_alarms(notify.context())["messages"]]


def test_who_acknowledges_the_second_step_has_seen_what_the_first_was_about() -> None:
    notify = NotifyUnderTest(*officers("duty-officer", "deputy", "coordinator"))
    alarm(notify, "event-1")
    send(notify)
    escalate(notify)
    send(notify)
    first, second = steps(notify)
    assert sorted(listed(notify)) == sorted([first.id, second.id])
    acknowledge(notify.context(), second.id)
    assert listed(notify) == []


def test_newer_messages_do_not_displace_an_alarm_that_no_one_has_acknowledged() -> None:
    notify = NotifyUnderTest(*officers("duty-officer", "deputy", "coordinator"), partner("clinic"))
    alarm(notify, "event-1")
    send(notify)
    waiting = listed(notify)
    assert waiting
    for number in range(MOST_SHOWN + 1):
        notify.clock.advance(timedelta(seconds=1))
        plan_messages(notify.context(), facts("referral.offered", cause=f"offer-{number}"))
    newest = {each.id for each in notify.context().messages.listed(limit=MOST_SHOWN)}
    assert not newest & set(waiting)
    assert listed(notify) == waiting
