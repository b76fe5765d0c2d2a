"""A message that is tried again is still the message that its sender has sent."""

from __future__ import annotations

from dataclasses import replace

from ngao.chassis.messaging.delivery import Delivery, delivery_of
from ngao.chassis.messaging.wire import Received

OURS = "svc-intake"
SENT = Delivery("intake.reports", "hotline", b"{}", "application/json", "source-hotline", "call-17")


def received(headers: dict[str, object], sender: str) -> Received:
    message = Received()
    message.properties = {"message_id": "of the copy", "user_id": sender, "content_type": SENT.content_type}
    message.properties["application_headers"] = headers
    message.body, message.delivery_info = SENT.body, {"exchange": "redeliver", "routing_key": SENT.queue}
    message.body_size = len(SENT.body)
    return message


def test_a_copy_keeps_the_id_that_its_sender_gave_it_however_often_it_is_tried() -> None:
    second = delivery_of(received(SENT.to_try_again(), OURS), SENT.queue, OURS)
    third = delivery_of(received(second.to_try_again(), OURS), SENT.queue, OURS)
    assert (second, third) == (replace(SENT, attempts=1), replace(SENT, attempts=2))
    assert third.fingerprint == SENT.fingerprint


def test_an_id_in_a_header_is_believed_on_our_own_copies_only() -> None:
    forged = delivery_of(received(SENT.to_try_again(), "source-hotline"), SENT.queue, OURS)
    assert (forged.message_id, forged.attempts) == ("of the copy", 0)


def test_a_message_without_an_id_gets_none_of_ours() -> None:
    nameless = replace(SENT, message_id=None)
    assert "x-ngao-message-id" not in nameless.to_try_again()
