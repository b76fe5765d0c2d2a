"""The pages of parked messages: all of them, one, and the two decisions about it."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l

from services.console.pages.declaring import page
from services.console.pages.desk import Desk
from services.console.pages.everywhere import ask_everywhere, known_service, silent
from services.console.parked.model import oldest_first, parked_of

_MOST = 500
REPLAYED_BECAUSE = ("cause_fixed", "try_again")
DROPPED_BECAUSE = ("of_no_use", "came_again", "forged")
"""What the audit keeps as the reason; a list, so that no one types a name into it."""


@page("/parked", scope="parked:read", group="machinery", title=_l("Set aside"))
def show_all_parked(desk: Desk) -> Any:
    """Show the parked messages of every service, the oldest first. A service that is missing is named."""
    answers = ask_everywhere(desk, f"/v1/parked?limit={_MOST}", "parked:read")
    messages = [parked_of(name, each) for name, answer in answers.items() for each in answer.body.get("parked", ())]
    return desk.show("parked.html", messages=oldest_first(messages), missing=silent(answers))


@page("/parked/<code:service>/<id:parked_id>", scope="parked:read")
def show_one_parked(desk: Desk, service: str, parked_id: str) -> Any:
    """Show one message without its content, with what a person may decide."""
    found = desk.known(known_service(service), f"/v1/parked/{parked_id}", "parked:read")
    return desk.show("parked_message.html", message=parked_of(service, found), replayed=REPLAYED_BECAUSE, dropped=DROPPED_BECAUSE)


@page("/parked/<code:service>/<id:parked_id>/replay", methods=("POST",), scope="parked:write")
def replay_one(desk: Desk, service: str, parked_id: str) -> Any:
    """Send a message through its queue again."""
    return _decide(desk, service, parked_id, "replay", REPLAYED_BECAUSE)


@page("/parked/<code:service>/<id:parked_id>/drop", methods=("POST",), scope="parked:write")
def drop_one(desk: Desk, service: str, parked_id: str) -> Any:
    """Ask that a message is dropped permanently; where two people are needed, another one must approve."""
    return _decide(desk, service, parked_id, "drop", DROPPED_BECAUSE)


def _decide(desk: Desk, service: str, parked_id: str, what: str, reasons: tuple[str, ...]) -> Any:
    reason = desk.choice("reason", reasons)
    path = f"/v1/parked/{parked_id}/{what}"
    return desk.done("/parked", desk.ask(known_service(service), "POST", path, "parked:write", {"reason": reason}))
