"""What the pages of offers say: which answers are possible, in which order offers are listed, how long is left."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.console.offers.model import Left, left, row_of
from services.console.offers.show_offers import CODES
from services.referral.offers.answer_own import OwnAnswerRequest
from services.referral.offers.model import State

NOW = datetime(2026, 12, 1, 2, 0, tzinfo=UTC)


def offer(offer_id: str, state: str = "offered", **others: Any) -> dict[str, Any]:
    return {"offer_id": offer_id, "case_ref": "NG-1", "need": "legal_aid", "urgency": "high", "state": state, **others}


def test_what_waits_for_an_answer_comes_first_by_its_deadline_then_what_is_at_work_then_what_ended_last() -> None:
    rows = [
        row_of(offer("OLD", "declined", ended_at="2026-11-30T02:00:00Z")),
        row_of(offer("NEW", "recalled", ended_at="2026-12-01T01:00:00Z")),
        row_of(offer("WORK", "started", due="2026-12-01T02:01:00Z")),
        row_of(offer("LATER", "received", due="2026-12-01T04:00:00Z")),
        row_of(offer("SOON", due="2026-12-01T03:00:00Z")),
    ]
    assert [each.offer_id for each in sorted(rows, key=lambda row: row.rank)] == ["SOON", "LATER", "WORK", "NEW", "OLD"]


def test_an_answer_that_is_not_possible_any_more_is_not_shown() -> None:
    assert row_of(offer("A")).answers == ("accept", "decline")
    assert row_of(offer("A", "accepted")).answers == ("start", "complete", "fail")
    assert row_of(offer("A", "started")).answers == ("complete", "fail")
    for state in set(State) - {"offered", "received", "accepted", "started"}:
        assert row_of(offer("A", state)).answers == (), state


def test_nothing_is_opened_before_acceptance_nor_after_it_was_taken_back() -> None:
    given = {"contact": "disclosed", "narrative": "withheld"}
    assert {state for state in State if row_of(offer("A", state, **given)).parts} == {"accepted", "started", "completed"}
    assert row_of(offer("A", "accepted", **given)).parts == ("contact",)


def test_the_time_that_is_left_is_rounded_down() -> None:
    assert left(NOW + timedelta(minutes=22, seconds=59), NOW) == Left(0, 22)
    assert left(NOW + timedelta(minutes=125), NOW) == Left(2, 5)
    assert left(NOW - timedelta(seconds=1), NOW) == Left(None, None)


@pytest.mark.parametrize("answer", CODES)
def test_every_answer_of_the_page_is_one_that_referral_takes(answer: str) -> None:
    for code in CODES[answer]:
        assert OwnAnswerRequest().load({"answer": answer, "detail": code})["detail"] == code
