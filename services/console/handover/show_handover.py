"""The page at the end of a shift, and its act: hand cases over to another person."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from flask import abort
from flask_babel import lazy_gettext as _l

from services.console.board.show_board import named_cases, open_cases
from services.console.handover.model import Given, Taker, given, shift_of
from services.console.handover.takers import able, takers
from services.console.pages.declaring import page
from services.console.pages.desk import Desk
from services.console.pages.everywhere import ask_everywhere, silent
from services.console.values import CASE

_WAIT_FOR_TWO = "/v1/approvals?state=waiting"


@dataclass(frozen=True)
class Outcome:
    """The result for one case. `why` is referral's sentence; `away`: referral did not answer; `beyond`: it is not theirs."""

    case_ref: str
    done: bool = False
    why: str = ""
    away: bool = False
    beyond: bool = False


@page("/handover", scope="cases:read", group="now", title=_l("Hand over"))
def show_handover(desk: Desk) -> Any:
    """Show the person's cases, cases without an owner, and the numbers of what else waits for a person."""
    found = open_cases(desk)
    approvals, unasked = _approvals(desk)
    candidates = desk.part("registry", "/v1/candidates/waiting", "defenders:read")
    if candidates is not None and not candidates.is_good:
        unasked.add(candidates.service)
    shift = shift_of(found.rows, desk.person.account.id, {each.id for each in able(desk)})
    return desk.show(
        "handover.html", shift=shift, is_cut=found.is_cut, approvals=approvals,
        missing=sorted({*found.missing, *unasked}),
        candidates=candidates.body.get("waiting") if candidates else None, takers=takers(desk),
    )  # fmt: skip


@page("/handover", methods=("POST",), scope="cases:write")
def hand_over(desk: Desk) -> Any:
    """Hand one case over, or all that are the person's own. The page names what another person has changed meanwhile."""
    me, to = desk.person.account.id, desk.typed.get("to", "")
    taker = next((each for each in takers(desk) if each.id == to), None)
    wanted = given(desk.typed, me)
    if taker is None or not wanted or not all(re.fullmatch(CASE, each.case_ref) for each in wanted):
        abort(404)
    outcomes = _give_all(desk, wanted, taker)
    status = 200 if any(each.done for each in outcomes) else 503 if any(each.away for each in outcomes) else 409
    return desk.show("handed_over.html", status, taker=taker, outcomes=outcomes)


def _give_all(desk: Desk, wanted: list[Given], taker: Taker) -> list[Outcome]:
    """Hand the cases over one by one. When referral does not answer, the others are not tried."""
    listed = named_cases(desk, [each.case_ref for each in wanted])
    counties = {str(each["case_ref"]): str(each.get("county", "")) for each in listed.body.get("cases", ())}
    outcomes: list[Outcome] = []
    for each in wanted:
        away = listed.is_missing or (bool(outcomes) and outcomes[-1].away)
        outcomes.append(Outcome(each.case_ref, away=True) if away else _give(desk, each, taker, counties.get(each.case_ref)))
    return outcomes


def _give(desk: Desk, each: Given, taker: Taker, county: str | None) -> Outcome:
    """Hand one case over. Of one that the person does not reach, no county is known, and referral refuses it."""
    if county is not None and not taker.may_take(county):
        return Outcome(each.case_ref, beyond=True)
    body = {"owner": taker.id, "seen_owner": each.seen_owner}
    answer = desk.ask("referral", "POST", f"/v1/cases/{each.case_ref}/owner", "cases:write", body)
    return Outcome(each.case_ref, answer.is_good, str(answer.body.get("detail", "")), answer.is_missing)


def _approvals(desk: Desk) -> tuple[int | None, set[str]]:
    """Return how many acts wait for a second person, and the services that could not say; None for a person without the scope."""
    if not desk.may("approvals:read"):
        return None, set()
    answers = ask_everywhere(desk, _WAIT_FOR_TWO, "approvals:read")
    return sum(len(each.body.get("approvals", ())) for each in answers.values()), set(silent(answers))
