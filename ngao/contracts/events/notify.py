"""The events of notify: by reference, never content, never an address."""

from __future__ import annotations

from ngao.contracts.payloads import Internal, Payload, event, part


@part()
class MessageEvent(Payload):
    """What every event about a message holds."""

    message_id: Internal[str]
    case_ref: Internal[str]
    cause: Internal[str]
    recipient_kind: Internal[str]
    recipient_ref: Internal[str]
    template: Internal[str]
    channel: Internal[str]


@event("notify.address.requested.v1")
class AddressRequested(Payload):
    """Notify needs the address of a case's person for one message, by this channel. `ask_id` names this request alone."""

    message_id: Internal[str]
    ask_id: Internal[str]
    case_ref: Internal[str]
    channel: Internal[str]


@event("notify.message.sent.v1")
class MessageSent(MessageEvent):
    """The channel accepted the message."""

    policy_version: Internal[str]


@event("notify.message.delivered.v1")
class MessageDelivered(MessageEvent):
    """The channel says that it reached the recipient's side."""


@event("notify.message.failed.v1")
class MessageFailed(MessageEvent):
    """The channel did not accept it after all tries; `next_step` names the human who is notified instead."""

    reason: Internal[str]
    next_step: Internal[str]


@event("notify.message.refused.v1")
class MessageRefused(MessageEvent):
    """Notify will not send it, because it would not be safe; the rule says why."""

    reason: Internal[str]
    policy_version: Internal[str]


@event("notify.message.acknowledged.v1")
class MessageAcknowledged(MessageEvent):
    """A human has acknowledged it."""

    by: Internal[str]
