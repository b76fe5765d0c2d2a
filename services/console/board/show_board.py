"""The page of the board."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from flask_babel import lazy_gettext as _l

from services.console.board.model import URGENCIES, Row, Turn, messages_of, rows_of, unseen_alarms
from services.console.handover.takers import able
from services.console.pages.declaring import page
from services.console.pages.desk import Desk
from services.console.pages.peers import Answer

_FILTERS = {"urgency": URGENCIES, "turn": tuple(Turn), "owner": ("me", "none"), "seen": ("no",)}
"""What the address may say, each as a code; anything else leads nowhere."""
_MOST = 500
_OPEN = ("/v1/alarms", *(f"state={state}&order=urgency&limit={_MOST}" for state in ("waiting", "open")))
"""What is asked. A case begins as waiting: it may be opened between the two questions, and must be in one answer."""
_MOST_CLOSED = 20


@page("/", scope="cases:read", group="now", title=_l("Board"))
def board(desk: Desk) -> Any:
    """Show the open cases, and closed ones of which an alarm still waits for a person; what is critical and unseen first.

    A service that is missing is named, and the rest is shown.
    """
    chosen = desk.chosen(lambda name, value: value in _FILTERS.get(name, ()))
    found = _found(desk, *_OPEN, most_closed=_MOST_CLOSED)
    is_theirs = _whose(desk, chosen.get("owner", ""))
    shown = [each for each in found.rows if _fits(each, chosen) and is_theirs(each)]
    return desk.show_live("board.html", rows=shown, found=found, chosen=chosen, address=_address)


@dataclass(frozen=True)
class Found:
    """Rows in the order of the board, and the services that are missing. `is_cut`: the least urgent of very many are left out."""

    rows: list[Row]
    missing: list[str]
    is_cut: bool


def open_cases(desk: Desk) -> Found:
    """Find every case that is not closed."""
    return _found(desk, *_OPEN)


def one_case(desk: Desk, case_ref: str) -> Found:
    """Find one case, if the person reaches it; no other one is asked for."""
    return _found(desk, messages_of(case_ref), f"case_ref={case_ref}")


def _found(desk: Desk, of_alarms: str, *of_cases: str, most_closed: int = 0) -> Found:
    answers = [_cases(desk, query) for query in of_cases]
    is_cut = any(len(each.body.get("cases", ())) >= _MOST for each in answers)
    alarms: dict[str, list[str]] = {}
    if (messages := desk.part("notify", of_alarms, "messages:read")) is not None:
        alarms = unseen_alarms(messages.body.get("messages", ()))
    listed = {str(case["case_ref"]) for each in answers for case in each.body.get("cases", ())}
    closed = [each for each in alarms if each not in listed and ":" not in each][:most_closed]  # what has a colon is no case
    answers += [named_cases(desk, closed)] if closed else []
    rows = rows_of((case for each in answers for case in each.body.get("cases", ())), alarms)
    answers += [messages] if messages is not None else []
    return Found(rows, sorted({each.service for each in answers if not each.is_good}), is_cut)


def named_cases(desk: Desk, case_refs: Iterable[str]) -> Answer:
    """Ask for these cases in one question; unknown ones, and those that the person does not reach, are not in the answer."""
    return _cases(desk, f"case_ref={','.join(case_refs)}&limit={_MOST}")


def _cases(desk: Desk, query: str) -> Answer:
    return desk.ask("referral", "GET", f"/v1/cases?{query}", "cases:read")


def _whose(desk: Desk, owner: str) -> Callable[[Row], bool]:
    if owner == "none":
        known = {each.id for each in able(desk)}
        return lambda row: row.is_unattended(known)
    return lambda row: owner == "" or row.owner == desk.person.account.id


def _fits(row: Row, chosen: dict[str, str]) -> bool:
    return (
        chosen.get("urgency", row.urgency) == row.urgency
        and chosen.get("turn", row.turn) == row.turn
        and ("seen" not in chosen or row.is_unseen)
    )


def _address(chosen: dict[str, str], **changed: str) -> str:
    """Return the board's address with other filters; an empty one is left out."""
    wanted = {name: value for name, value in {**chosen, **changed}.items() if value}
    return f"/?{urlencode(wanted)}" if wanted else "/"
