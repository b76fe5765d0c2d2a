"""Show messages to operators: by reference, never the address."""

from __future__ import annotations

from typing import Any

from ngao.chassis.errors import or_not_found
from ngao.chassis.handlers import http, lists, shows
from services.notify.context import Context
from services.notify.messages.model import Message
from services.notify.messages.responses import MessageShown, MessagesQuery, MessagesShown, load, show_message


@http.get(
    "/v1/messages",
    roles="operator",
    scope="messages:read",
    audit=lists("messages"),
    returns=MessagesShown,
    summary="List messages, newest first, by case_ref, state or reference.",
)
def list_messages(
    ctx: Context, *, case_ref: str | None = None, state: str | None = None, reference: str | None = None, limit: str | None = None
) -> dict[str, Any]:
    """List the newest messages that match. Refused and failed ones need an operator. Raises InvalidInput."""
    query = {"case_ref": case_ref, "state": state, "reference": reference, "limit": limit}
    given = {name: value for name, value in query.items() if value is not None}
    wanted = load(MessagesQuery(), given, "The query is invalid; `errors` names every parameter.")
    return {"messages": [show_message(message) for message in ctx.messages.listed(**wanted)]}


@http.get(
    "/v1/messages/<message_id>",
    roles="operator",
    scope="messages:read",
    audit=shows("message.read", "message_id"),
    returns=MessageShown,
    operation="showMessage",
    summary="Show a message and its history.",
)
def read_message(ctx: Context, message_id: str) -> dict[str, Any]:
    """Show one message with its history. Raises NotFound."""
    return show_message(known_message(ctx, message_id))


def known_message(ctx: Context, message_id: str) -> Message:
    """Return a message. Raises NotFound."""
    return or_not_found(ctx.messages.get(message_id), "There is no such message.")
