"""List the alarms that no one has acknowledged, of every case, however old they are."""

from __future__ import annotations

from typing import Any

from ngao.chassis.handlers import http, lists
from services.notify.context import Context
from services.notify.ladders.model import unacknowledged
from services.notify.messages.responses import MessagesShown, show_message
from services.notify.messages.store import MOST_SHOWN

_MOST_CASES = 1000


@http.get(
    "/v1/alarms",
    roles="operator",
    scope="messages:read",
    audit=lists("messages"),
    returns=MessagesShown,
    summary="List the messages of alarms that no one has acknowledged, urgent ones first.",
)
def list_alarms(ctx: Context) -> dict[str, Any]:
    """List these messages: those whose cause has an acknowledgement are not among them, whichever of its messages has it.

    Other messages do not displace them, as they do in the list of the newest ones.
    """
    shown = ctx.messages.on_ladders_of(ctx.alarm_records.unseen(_MOST_CASES), MOST_SHOWN)
    of_case: dict[str, list[Any]] = {}
    for each in shown:
        of_case.setdefault(each.case_ref, []).append(each)
    return {"messages": [show_message(each) for alarms in of_case.values() for each in unacknowledged(alarms)]}
