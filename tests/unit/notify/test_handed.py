"""A message to a person at risk waits for its address, is sent once with it, and is never sent without."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ngao.chassis.security import seals
from ngao.contracts.events.notify import AddressRequested
from ngao.contracts.events.registry import AddressHanded, AddressRefused
from ngao.deployment.first_keys import init_sealing_pair
from ngao.testing.notify import MemoryChannel, MemoryRoster, MemoryUsedOnce, shipped_policy
from ngao.testing.published import published
from services.notify.channels.account import MailAccount
from services.notify.channels.outgoing import Outcome, Result
from services.notify.handed.opening import HandedAddresses
from services.notify.handed.receive import follow_refusal, keep_address
from services.notify.messages.model import Message, State
from services.notify.messages.plan import plan_messages
from services.notify.messages.record_outcome import record_outcome
from services.notify.messages.send import Sender, send_for_one_turn
from services.notify.roster.model import ContactSummary
from tests.support.notify import CASE, NotifyUnderTest, facts, officers

POLICY = shipped_policy()
ADDRESS = "canary-mary@example.org"


class Office(NotifyUnderTest):
    """Notify in memory with keys of its own, one message to a person, and a registry that the test plays."""

    def __init__(self, keys: Path, *answers: Outcome) -> None:
        super().__init__(*officers("duty-officer", "deputy", "coordinator"))
        init_sealing_pair(keys / "own", keys / "public", "2026-11", owner="notify")
        self.public = seals.public_of((keys / "own" / "sealing-2026-11.key").read_text().strip())
        self.account, self.channel, self.keys = MailAccount(), MemoryChannel(*answers), keys / "own"
        self.context().summaries.save(ContactSummary(CASE, "DEF-1", True, ("email",), 1))
        plan_messages(self.context(), facts("referral.accepted", "high"))

    @property
    def message(self) -> Message:
        return next(each for each in self.messages.kept.values() if each.recipient.kind == "defender")

    @property
    def asked(self) -> list[AddressRequested]:
        return [payload for payload, _ in published(self.units, AddressRequested)]

    def send(self) -> int:
        handed = HandedAddresses(MemoryUsedOnce(self.handed), self.keys, self.clock.now)
        sender = Sender(POLICY.templates, "", {"email": self.channel}, MemoryRoster(self.roster), "", handed)
        return send_for_one_turn(self.due_messages, sender, self.account, self.record, self.clock.now)

    def record(self, leased: Message, outcome: Outcome) -> None:
        record_outcome(self.context(), leased, outcome)

    def hand(self, minutes: float = 5, **changes: Any) -> None:
        request = self.asked[-1]
        said = {"message_id": request.message_id, "ask_id": request.ask_id, "channel": "email", "address": ADDRESS}
        content = said | {name: changes.pop(name) for name in tuple(changes) if name in said}
        box = seals.seal_to(changes.pop("key", self.public), json.dumps(content).encode())
        event = AddressHanded(
            message_id=request.message_id, ask_id=changes.pop("of", request.ask_id), case_ref=CASE, channel="email",
            until=self.now + timedelta(minutes=minutes), key_id=seals.key_id(self.public), box=box,
        )  # fmt: skip
        keep_address(self.context(), event)

    def refuse(self, reason: str, *, wait: bool = False) -> None:
        request = self.asked[-1]
        answer = AddressRefused(
            message_id=request.message_id, ask_id=request.ask_id, case_ref=CASE, reason=reason, wait=wait
        )
        follow_refusal(self.context(), answer)


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def test_it_is_asked_for_first_and_sent_once_when_it_came(office: Office) -> None:
    assert office.send() == 1
    assert office.channel.tried == []
    (request,) = office.asked
    assert (request.message_id, request.channel, request.case_ref) == (office.message.id, "email", CASE)
    assert (office.message.state, office.message.attempts) == (State.QUEUED, 0)
    office.hand()
    assert office.send() == 1
    assert [each.address for each in office.channel.taken] == [ADDRESS]
    assert (office.message.state, office.handed.kept) == (State.SENT, {})
    assert ADDRESS not in repr((office.messages.kept, office.handed.kept, office.units))


def test_a_second_copy_of_the_address_sends_nothing_more(office: Office) -> None:
    office.send()
    office.hand()
    office.send()
    office.hand()
    assert office.send() == 0
    assert office.handed.kept == {}
    assert len(office.channel.taken) == 1


def test_an_address_is_for_one_try(tmp_path: Path) -> None:
    office = Office(tmp_path, Outcome(Result.TRANSIENT_FAILURE, "smtp_451"))
    office.send()
    office.hand()
    office.send()
    assert office.channel.taken == []
    office.clock.advance(timedelta(seconds=6))
    office.send()
    assert len(office.asked) == 2
    assert len({each.ask_id for each in office.asked}) == 2
    office.hand()
    office.send()
    assert (len(office.channel.taken), office.message.attempts) == (1, 2)


@pytest.mark.parametrize("changes", [
    {"message_id": "another"}, {"ask_id": "another"}, {"channel": "sms"}, {"key": seals.new_key_pair()[1]}, {"of": "another"},
])  # fmt: skip
def test_an_address_for_another_message_request_channel_or_key_is_not_used(office: Office, changes: dict[str, Any]) -> None:
    office.send()
    office.hand(**changes)
    office.clock.advance(timedelta(minutes=2))
    office.send()
    assert office.channel.tried == []
    assert office.handed.kept == {}
    assert len(office.asked) == 2


def test_an_address_whose_time_has_passed_is_deleted_and_asked_for_again(office: Office) -> None:
    office.send()
    office.hand(minutes=1)
    office.clock.advance(timedelta(minutes=1))
    office.send()
    assert (office.channel.tried, office.handed.kept, len(office.asked)) == ([], {}, 2)
    office.hand()
    office.clock.advance(timedelta(minutes=5))
    assert MemoryUsedOnce(office.handed).purge(office.now) == 1


def test_outside_of_the_hours_it_waits_and_asks_again(office: Office) -> None:
    office.send()
    for _ in range(3):
        office.refuse("outside_hours", wait=True)
        assert office.send() == 0
        office.clock.advance(timedelta(minutes=5))
        assert office.send() == 1
    assert len(office.asked) == 4
    assert [note.what for note in office.message.notes].count("address_asked") == 1
    assert (office.message.state, office.message.attempts) == (State.QUEUED, 0)
    assert office.context().messages.unsent() == (0, None)


@pytest.mark.parametrize("reason", ["stopped", "person_calls", "not_safe", "reconfirmation_overdue", "handed_too_often"])
def test_what_a_human_has_to_end_refuses_the_message(office: Office, reason: str) -> None:
    office.send()
    office.refuse(reason)
    office.clock.advance(timedelta(hours=1))
    assert office.send() == 0
    assert (office.message.state, office.message.reason, bool(office.message.meaning)) == (State.REFUSED, reason, True)
    assert office.said == [("refused", "defender:DEF-1", reason)]


def test_a_refusal_of_an_earlier_request_changes_nothing(office: Office) -> None:
    office.send()
    office.clock.advance(timedelta(minutes=2))
    office.send()
    first = office.asked[0]
    answer = AddressRefused(message_id=first.message_id, ask_id=first.ask_id, case_ref=CASE, reason="stopped")
    follow_refusal(office.context(), answer)
    assert office.message.state is State.QUEUED


def test_without_an_answer_it_asks_again_and_a_human_is_asked_in_the_end(office: Office) -> None:
    office.send()
    office.clock.advance(timedelta(minutes=2))
    office.send()
    assert len(office.asked) == 2
    office.clock.advance(POLICY.hand_over_within)
    office.send()
    assert (office.message.state, office.message.reason) == (State.FAILED, "address_not_handed")
    assert "duty-officer" in [ref for ref, _ in office.addressed()]


def test_without_keys_of_its_own_an_officer_is_notified_as_ever(tmp_path: Path) -> None:
    office = Office(tmp_path)
    office.keys = tmp_path / "none"
    office.send()
    office.hand()
    plan_messages(office.context(), facts("intake.report.accepted", "critical", cause="event-2"))
    office.send()
    assert [each.address for each in office.channel.taken] == ["duty-officer@example.org"]
    assert office.message.state is State.QUEUED
