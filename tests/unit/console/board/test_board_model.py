"""The board's order, and whose turn a case is."""

from __future__ import annotations

from typing import Any

from services.console.board.model import Turn, row_of, rows_of, unseen_alarms


def case(
    ref: str, urgency: str = "high", due: str | None = None, needs: tuple[str, ...] = ("placed",), **others: Any
) -> dict[str, Any]:
    return {
        "case_ref": ref, "urgency": urgency, "state": "open", "county": "KE-30", "created_at": "2026-11-30T02:00:00Z",
        "next_deadline": due, "needs": [{"need": f"need-{at}", "state": state} for at, state in enumerate(needs)], **others,
    }


def test_what_is_critical_and_unseen_comes_first_then_urgency_then_the_deadline() -> None:
    rows = [
        row_of(case("LOW", "low", "2026-11-30T02:01:00Z")),
        row_of(case("LATE", "critical", "2026-11-30T09:00:00Z")),
        row_of(case("SOON", "critical", "2026-11-30T03:00:00Z")),
        row_of(case("NONE", "critical")),
        row_of(case("HIGH", "high", "2026-11-30T02:00:00Z"), ["m2"]),
        row_of(case("UNSEEN", "critical"), ["m1"]),
    ]
    assert [each.case_ref for each in sorted(rows, key=lambda row: row.rank)] == ["UNSEEN", "SOON", "LATE", "NONE", "HIGH", "LOW"]


def test_a_case_that_is_opened_between_two_questions_has_one_row() -> None:
    waiting, later = case("A", state="waiting", needs=()), case("B", "low")
    rows = rows_of([waiting, case("A"), later], {"B": ["m1"]})
    assert [(each.case_ref, each.state, each.alarms) for each in rows] == [("A", "open", ()), ("B", "open", ("m1",))]


def test_an_urgency_that_this_version_does_not_know_is_not_hidden_below() -> None:
    assert row_of(case("NEW", "beyond")).rank[1] == 0


def test_whose_turn_it_is() -> None:
    assert row_of(case("A", needs=("placed", "with_human"))).turn is Turn.YOURS
    assert row_of(case("A", needs=("placed", "pending"))).turn is Turn.PARTNER
    assert row_of(case("A", needs=("pending", "settled"))).turn is Turn.SERVICE
    assert row_of(case("A", state="waiting", needs=())).turn is Turn.SERVICE
    assert row_of(case("A", state="closed", needs=("settled",))).turn is Turn.NO_ONE


def test_an_alarm_is_unseen_until_somebody_has_acknowledged_it() -> None:
    def message(number: int, **others: Any) -> dict[str, Any]:
        return {"message_id": f"m{number}", "case_ref": "A", "ladder": "duty", "state": "sent", "acknowledged_by": None, **others}

    messages = [
        message(1), message(2, state="acknowledged", acknowledged_by="amina"), message(3, ladder=None),
        message(4, state="failed"), message(5, case_ref="B", state="queued"), message(6, acknowledged_by="amina"),
    ]
    assert unseen_alarms(messages) == {"A": ["m1", "m4"], "B": ["m5"]}


def test_who_acknowledges_one_step_of_a_ladder_has_seen_its_cause() -> None:
    def message(number: int, cause: str, **others: Any) -> dict[str, Any]:
        return {"message_id": f"m{number}", "case_ref": "A", "cause": cause, "ladder": "duty", "state": "sent", **others}

    by_the_second = [message(1, "first"), message(2, "first", state="acknowledged", acknowledged_by="amina")]
    assert unseen_alarms(by_the_second) == {}
    assert unseen_alarms([*by_the_second, message(3, "later")]) == {"A": ["m3"]}
    elsewhere = message(4, "first", case_ref="B")
    assert unseen_alarms([*by_the_second, elsewhere]) == {"B": ["m4"]}
    owners = message(5, "later", state="acknowledged", ladder=None)
    assert unseen_alarms([message(3, "later"), owners]) == {"A": ["m3"]}


def test_a_row_has_another_tag_as_soon_as_it_says_something_else() -> None:
    first = row_of(case("A"), ["m1", "m2"])
    assert row_of(case("A"), ["m2", "m1"]).tag == first.tag
    both = ["m1", "m2"]
    others = [row_of(case("A", owner="amina"), both), row_of(case("A"), ["m1"]), row_of(case("A", needs=("settled",)), both)]
    assert len({first.tag, *(each.tag for each in others)}) == 4
