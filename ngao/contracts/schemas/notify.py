"""What notify says: by reference, never content, never an address."""

from __future__ import annotations

from marshmallow import fields

from ngao.contracts.classes import INTERNAL, Tolerant


class _OfMessage(Tolerant):
    message_id = fields.String(required=True, metadata=INTERNAL)
    case_ref = fields.String(required=True, metadata=INTERNAL)
    cause = fields.String(required=True, metadata=INTERNAL)
    recipient_kind = fields.String(required=True, metadata=INTERNAL)
    recipient_ref = fields.String(required=True, metadata=INTERNAL)
    template = fields.String(required=True, metadata=INTERNAL)
    channel = fields.String(required=True, metadata=INTERNAL)


class MessageSent(_OfMessage):
    """The channel took the message over."""

    policy_version = fields.String(required=True, metadata=INTERNAL)


class MessageDelivered(_OfMessage):
    """The channel says that it reached the recipient's side."""


class MessageFailed(_OfMessage):
    """The channel did not take it after all tries; `next_step` names the human who is told instead."""

    reason = fields.String(required=True, metadata=INTERNAL)
    next_step = fields.String(required=True, metadata=INTERNAL)


class MessageRefused(_OfMessage):
    """Notify will not send it, because it would not be safe; the rule says why."""

    reason = fields.String(required=True, metadata=INTERNAL)
    policy_version = fields.String(required=True, metadata=INTERNAL)


class MessageAcknowledged(_OfMessage):
    """A human said: I have seen it."""

    by = fields.String(required=True, metadata=INTERNAL)
