"""The page of the system: whether it is healthy, in sentences, the worst first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask_babel import lazy_gettext as _l

from services.console.pages.declaring import page
from services.console.pages.desk import Desk
from services.console.pages.everywhere import ask_everywhere, silent
from services.console.pages.peers import Answer
from services.console.system.findings import (
    Finding,
    not_known,
    of_backups,
    of_outbox,
    of_parked,
    of_quarantine,
    of_services,
    worst_first,
)

_MOST = 500


@page("/system", scope="system:read", group="machinery", title=_l("System"))
def show_system_page(desk: Desk) -> Any:
    """Show what is wrong, then what works. What a person may not ask is left out; what does not answer is named."""
    states = desk.parts.asker.ask()
    outboxes = ask_everywhere(desk, "/v1/outbox", "outbox:read")
    found = [*of_services(states), *of_backups(states), *_set_aside(desk), *_outboxes(desk, outboxes)]
    return desk.show("system.html", findings=worst_first(found), states=states, outboxes=outboxes)


def _set_aside(desk: Desk) -> Iterator[Finding]:
    """Yield the messages and the forms about which a person has to decide."""
    parked = ask_everywhere(desk, f"/v1/parked?limit={_MOST}", "parked:read")
    for name, answer in parked.items():
        yield from of_parked(name, answer.body.get("parked", ()))
    yield from not_known("parked_not_known", silent(parked))
    held = desk.part("intake", f"/v1/quarantine?limit={_MOST}", "quarantine:read")
    if held is not None:
        yield from of_quarantine(held.body.get("quarantine", ()))
        yield from not_known("quarantine_not_known", silent({held.service: held}))


def _outboxes(desk: Desk, answers: dict[str, Answer]) -> Iterator[Finding]:
    now = desk.parts.clock.now()
    for name, answer in answers.items():
        yield from of_outbox(name, answer.body, now)
    yield from not_known("outbox_not_known", silent(answers))
