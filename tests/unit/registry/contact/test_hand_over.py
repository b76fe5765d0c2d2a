"""One address is handed over for one message: only now, only where it is safe, and never twice for one request."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from ngao.chassis.errors import Misconfigured, Retryable
from ngao.contracts.events.notify import AddressRequested
from ngao.contracts.events.registry import AddressHanded, AddressRefused
from ngao.testing.published import published
from services.registry.contact.hand_over import MOST_TIMES, address_may_leave, hand_over_address
from services.registry.people.keeping import forget
from tests.support.registry import MARY, SAFE, consent
from tests.unit.registry.contact.conftest import Desk

MAIL = "mary@example.org"


def asks(desk: Desk, ask_id: str = "ask-1", message: str = "message-1", channel: str = "email", case: str = "NG-1") -> None:
    hand_over_address(
        desk.register.open(), AddressRequested(message_id=message, ask_id=ask_id, case_ref=case, channel=channel)
    )


def handed(desk: Desk) -> list[AddressHanded]:
    return [payload for payload, _ in published(desk.register.units, AddressHanded)]


def refused(desk: Desk) -> list[tuple[str, bool]]:
    return [(payload.reason, payload.wait) for payload, _ in published(desk.register.units, AddressRefused)]


def test_what_a_report_calls_safe_is_handed_over_for_this_message_and_put_on_record(desk: Desk) -> None:
    asks(desk)
    (event,) = handed(desk)
    content: dict[str, Any] = json.loads(event.box)
    assert content == {"v": 1, "message_id": "message-1", "ask_id": "ask-1", "channel": "email", "address": MAIL}
    assert (event.key_id, event.until) == ("notify-key", desk.register.now + timedelta(minutes=5))
    assert desk.register.heard.details["address.handed"] == {"message": "message-1", "channel": "email"}


def test_one_request_is_answered_once_and_a_message_stays_with_its_case(desk: Desk) -> None:
    asks(desk)
    asks(desk)
    desk.register.report("NG-2", {**MARY, "phones": ["0700000009"], "names": ["Other Person"], "emails": ["o@example.org"]})
    asks(desk, "ask-2", case="NG-2")
    assert len(handed(desk)) == 1
    assert refused(desk) == []


def test_it_waits_for_the_hours_and_the_address_lasts_no_longer_than_they_do(desk: Desk) -> None:
    desk.put(channel="email", address=MAIL, zone="Africa/Nairobi", hours=[{"opens": "15:01", "closes": "15:03", "days": []}])
    asks(desk)
    assert (handed(desk), refused(desk)) == ([], [("outside_hours", True)])
    desk.register.pass_time(minutes=1)
    asks(desk, "ask-2")
    (event,) = handed(desk)
    assert timedelta(seconds=100) < event.until - desk.register.now < timedelta(minutes=2)


def test_the_hours_of_a_report_hold_too(desk: Desk) -> None:
    hours = [{"opens": "01:00", "closes": "02:00", "days": []}]
    desk.register.update("NG-1", consent(), sequence=2, contact_safety=SAFE | {"hours": hours})
    asks(desk)
    assert refused(desk) == [("outside_hours", True)]


def test_it_is_refused_when_stopped_forbidden_overdue_or_by_another_channel(desk: Desk) -> None:
    desk.put(channel="email", address=MAIL)
    asks(desk, channel="phone")
    desk.register.pass_time(days=105)
    asks(desk, message="message-2")
    desk.put(channel="email", address=MAIL, allowed=False)
    asks(desk, message="message-3")
    desk.put(channel="email", address=MAIL, allowed=False, person_calls=True)
    asks(desk, message="message-4")
    desk.stop()
    asks(desk, message="message-5")
    reasons = ["not_safe", "reconfirmation_overdue", "not_safe", "person_calls", "stopped"]
    assert refused(desk) == [(reason, False) for reason in reasons]
    assert handed(desk) == []


def test_a_later_no_of_another_report_refuses_it(desk: Desk) -> None:
    desk.put(channel="email", address=MAIL)
    desk.register.pass_time(hours=1)
    desk.register.report("NG-2", MARY, contact_safety=SAFE | {"may_contact": False})
    asks(desk)
    assert refused(desk) == [("not_safe", False)]


def test_a_withdrawn_report_and_an_anonymous_person_have_none(desk: Desk) -> None:
    desk.register.withdraw("NG-1", sequence=2)
    asks(desk)
    desk.register.report("NG-3", contact_safety=SAFE)
    asks(desk, message="message-2", case="NG-3")
    assert refused(desk) == [("not_safe", False)] * 2
    with pytest.raises(Retryable):
        asks(desk, message="message-3", case="NG-9")


def test_a_stop_while_it_waits_in_the_outbox_is_obeyed(desk: Desk) -> None:
    asks(desk)
    (event,) = handed(desk)
    assert address_may_leave(desk.register.open(), event)
    desk.stop()
    assert not address_may_leave(desk.register.open(), event)
    assert not address_may_leave(desk.register.open(), event)
    assert refused(desk) == [("stopped", False)]


def test_what_waits_in_the_outbox_too_long_does_not_leave(desk: Desk) -> None:
    asks(desk)
    desk.register.pass_time(minutes=5)
    assert not address_may_leave(desk.register.open(), handed(desk)[0])
    assert refused(desk) == [("outside_hours", True)]


def test_one_that_was_asked_for_again_does_not_leave_for_the_first_request(desk: Desk) -> None:
    asks(desk)
    asks(desk, "ask-2")
    first, second = handed(desk)
    assert not address_may_leave(desk.register.open(), first)
    assert address_may_leave(desk.register.open(), second)


def test_without_notifys_key_it_waits_for_an_operator(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing() -> tuple[str, str]:
        raise Misconfigured("There is no public key of notify.")

    ctx = desk.register.open()
    monkeypatch.setattr(ctx, "key_of_notify", missing)
    hand_over_address(ctx, AddressRequested(message_id="message-1", ask_id="ask-1", case_ref="NG-1", channel="email"))
    assert refused(desk) == [("no_key", True)]


def test_there_is_an_end_of_asking(desk: Desk) -> None:
    for number in range(MOST_TIMES + 1):
        asks(desk, f"ask-{number}")
    assert len(handed(desk)) == MOST_TIMES
    assert refused(desk) == [("handed_too_often", False)]


def test_only_a_change_is_put_on_record_while_it_waits(desk: Desk) -> None:
    desk.put(channel="email", address=MAIL, zone="Africa/Nairobi", hours=[{"opens": "18:00", "closes": "20:00", "days": []}])
    for number in range(5):
        asks(desk, f"ask-{number}")
    assert [each for each, _, _ in desk.register.heard.audited].count("address.refused") == 1


def test_what_was_answered_is_forgotten_with_the_person(desk: Desk) -> None:
    asks(desk)
    assert forget(desk.register.ctx, desk.ref) == {"hand_overs": 1}
    assert desk.register.hand_overs.kept == {}
