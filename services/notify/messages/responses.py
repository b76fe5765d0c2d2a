"""Requests and responses of the messages."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from marshmallow import ValidationError, fields, validate

from ngao.chassis.errors import InvalidInput
from ngao.contracts import field_errors
from ngao.contracts.classes import INTERNAL, Strict
from services.notify.messages.model import Message, State

_MOST = 500


class NoteShown(Strict):
    """One line of a message's history."""

    at = fields.AwareDateTime(metadata=INTERNAL)
    what = fields.String(metadata=INTERNAL)
    reason = fields.String(metadata=INTERNAL)


class MessageShown(Strict):
    """A message by reference: never its address."""

    message_id = fields.String(attribute="id", metadata=INTERNAL)
    reference = fields.String(metadata=INTERNAL)
    case_ref = fields.String(metadata=INTERNAL)
    cause = fields.String(metadata=INTERNAL)
    recipient_kind = fields.String(attribute="recipient.kind", metadata=INTERNAL)
    recipient_ref = fields.String(attribute="recipient.ref", metadata=INTERNAL)
    template = fields.String(metadata=INTERNAL)
    channel = fields.String(metadata=INTERNAL)
    urgent = fields.Boolean(metadata=INTERNAL)
    state = fields.String(metadata=INTERNAL)
    reason = fields.String(metadata=INTERNAL)
    meaning = fields.String(metadata=INTERNAL)
    attempts = fields.Integer(metadata=INTERNAL)
    created_at = fields.AwareDateTime(metadata=INTERNAL)
    next_attempt = fields.AwareDateTime(metadata=INTERNAL)
    ladder = fields.String(allow_none=True, metadata=INTERNAL)
    position = fields.Integer(metadata=INTERNAL)
    escalate_at = fields.AwareDateTime(metadata=INTERNAL)
    acknowledged_by = fields.String(allow_none=True, metadata=INTERNAL)
    urgency = fields.String(metadata=INTERNAL)
    about = fields.String(metadata=INTERNAL)
    event = fields.String(metadata=INTERNAL)
    covered_by = fields.String(allow_none=True, metadata=INTERNAL)
    held_since = fields.AwareDateTime(metadata=INTERNAL)
    policy_version = fields.String(metadata=INTERNAL)
    history = fields.List(fields.Nested(NoteShown), attribute="notes", metadata=INTERNAL)


class MessagesShown(Strict):
    """Messages, newest first."""

    messages = fields.List(fields.Nested(MessageShown), metadata=INTERNAL)


class MessagesQuery(Strict):
    """Which messages to list."""

    case_ref = fields.String(metadata=INTERNAL)
    state = fields.String(validate=validate.OneOf([str(state) for state in State]), metadata=INTERNAL)
    reference = fields.String(metadata=INTERNAL)
    limit = fields.Integer(load_default=100, validate=validate.Range(1, _MOST), metadata=INTERNAL)


def show_message(message: Message) -> dict[str, Any]:
    """Return a message as `MessageShown`."""
    shown: dict[str, Any] = MessageShown().dump(message)
    return shown


def load(schema: Strict, given: Mapping[str, Any], sentence: str) -> dict[str, Any]:
    """Check a value of the path or query. Raises InvalidInput with this sentence."""
    try:
        loaded: dict[str, Any] = schema.load(given)
    except ValidationError as error:
        raise InvalidInput(sentence, field_errors(error.messages), status=400) from None
    return loaded
