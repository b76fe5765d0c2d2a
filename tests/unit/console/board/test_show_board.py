"""What the board finds: closed cases whose alarm waits, in one question, and whether all open cases are there."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from services.console.board import show_board
from services.console.board.model import row_of
from services.console.pages.peers import Answer


def case(ref: str, state: str = "open") -> dict[str, Any]:
    return {"case_ref": ref, "urgency": "high", "state": state, "created_at": "2026-11-30T02:00:00Z"}


def found(open_cases: int, *alarms: str) -> tuple[list[str], list[str], bool]:
    """Let the board ask a referral and a notify; returns what it asked of referral, its rows, and whether it is cut."""
    asked: list[str] = []

    def ask(service: str, _method: str, path: str, _scope: str) -> Answer:
        asked.append(path)
        refs = path.partition("case_ref=")[2].partition("&")[0].split(",") if "case_ref=" in path else []
        cases = [case(each, "closed") for each in refs]
        cases += [case(f"NG-{at}") for at in range(open_cases)] if "state=open" in path else []
        return Answer(service, 200, {"cases": cases})

    messages = [{"message_id": f"m-{each}", "case_ref": each, "ladder": "duty", "state": "sent"} for each in alarms]
    desk: Any = SimpleNamespace(
        ask=ask, part=lambda service, *_: Answer(service, 200, {"messages": messages}), chosen=lambda _fits: {},
        person=SimpleNamespace(account=SimpleNamespace(id="amina")),
        show_live=lambda _template, **values: values["found"],
    )  # fmt: skip
    with Flask(__name__).test_request_context():
        made = show_board.board(desk)
    return asked, [each.case_ref for each in made.rows], made.is_cut


def test_closed_cases_whose_alarm_waits_are_asked_for_together_and_what_is_no_case_is_not() -> None:
    asked, rows, _ = found(1, "NG-0", "NG-8", "source:forms", "NG-9")
    assert [each for each in asked if "case_ref=" in each] == ["/v1/cases?case_ref=NG-8,NG-9&limit=500"]
    assert rows == ["NG-0", "NG-8", "NG-9"]


def test_without_such_an_alarm_no_other_case_is_asked_for() -> None:
    assert len(found(2, "NG-1")[0]) == 2


@pytest.mark.parametrize(("number", "is_cut"), [(499, False), (500, True)])
def test_a_board_of_as_many_cases_as_are_listed_at_most_may_lack_some(number: int, *, is_cut: bool) -> None:
    assert found(number)[2] is is_cut


def test_a_case_whose_owner_works_on_no_case_any_more_is_among_the_unattended(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = {"NG-1": "amina", "NG-2": None, "NG-3": "left"}
    monkeypatch.setattr(show_board, "able", lambda _desk: [SimpleNamespace(id="amina")])
    desk: Any = SimpleNamespace(person=SimpleNamespace(account=SimpleNamespace(id="amina")))

    def shown(owner: str) -> list[str]:
        made = [row_of({**case(ref), "owner": name}) for ref, name in rows.items()]
        return [each.case_ref for each in made if show_board._whose(desk, owner)(each)]

    assert (shown("none"), shown("me"), shown("")) == (["NG-2", "NG-3"], ["NG-1"], ["NG-1", "NG-2", "NG-3"])
