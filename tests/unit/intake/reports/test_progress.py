"""How help is coming along, whatever the order in which it is heard."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from services.intake.reports.progress import WORDS, Step, needs_of, partner_is_at_work, status_of, turns_of, with_step

AT = datetime(2026, 3, 1, tzinfo=UTC)


def step(what: str, sequence: int, offer: str | None = "o1", need: str | None = "medical") -> Step:
    return Step(f"referral.{what}", AT, sequence, need, offer)


def reopened(sequence: int, *needs: str) -> Step:
    return Step("referral.case.reopened", AT, sequence, needs_again=needs)


def told(*steps: Step) -> tuple[Step, ...]:
    story: tuple[Step, ...] = ()
    for each in steps:
        story = with_step(story, each)
    return story


OPENED = step("case.opened", 1, None, None)


def test_a_fresh_report_is_received() -> None:
    assert status_of(()) == "received"


def test_it_follows_an_offer() -> None:
    steps = [OPENED, step("offered", 2), step("accepted", 3), step("started", 4), step("completed", 5)]
    seen = [status_of(told(*steps[: at + 1])) for at in range(5)]
    assert seen == ["looking_for_help", "looking_for_help", "accepted", "in_progress", "completed"]


def test_a_late_event_does_not_move_it_back() -> None:
    assert status_of(told(step("accepted", 3), step("offered", 2))) == "accepted"


def test_a_refused_offer_looks_on_and_a_second_one_counts() -> None:
    story = told(OPENED, step("offered", 2), step("declined", 3))
    assert status_of(story) == "looking_for_help"
    assert status_of(told(*story, step("accepted", 4, "o2"))) == "accepted"


def test_an_offer_taken_back_beside_an_accepted_one_changes_nothing() -> None:
    story = told(step("offered", 1), step("offered", 2, "o2"), step("accepted", 3), step("withdrawn", 4, "o2"))
    assert needs_of(story) == {"medical": "accepted"}


def test_how_help_is_looked_for_is_not_shown() -> None:
    """When an offer runs out and when a duty officer is called in follow from the urgency, and that from others' reports."""
    quiet = told(OPENED)
    busy = told(OPENED, step("offered", 2), step("expired", 3), step("offered", 4, "o2"), step("unroutable", 5, None))
    assert turns_of(busy) == turns_of(quiet)
    assert (status_of(busy), status_of(quiet)) == ("looking_for_help", "looking_for_help")


def test_what_a_partner_did_is_shown() -> None:
    story = told(OPENED, step("offered", 2), step("accepted", 3), step("offered", 4, "o2"), step("withdrawn", 5, "o2"))
    assert [(turn.word, turn.need) for turn in turns_of(story)] == [("looking_for_help", None), ("accepted", "medical")]


def test_the_same_step_twice_is_there_once() -> None:
    assert len(told(OPENED, OPENED)) == 1


def test_a_recall_that_overtakes_the_acceptance_wins() -> None:
    assert not partner_is_at_work(told(step("recalled", 9), step("accepted", 5)), "o1")


STEPS = st.lists(
    st.builds(
        step,
        st.sampled_from([each.removeprefix("referral.") for each in WORDS if "case" not in each]),
        st.integers(1, 100),
        st.sampled_from(["o1", "o2"]),
        st.sampled_from(["medical", "legal_aid"]),
    ),
    max_size=4, unique_by=lambda each: each.sequence,
)  # fmt: skip


@given(STEPS)
def test_every_order_of_hearing_tells_the_same_story(steps: list[Step]) -> None:
    assert len({told(*order) for order in permutations(steps)}) == 1


def test_a_case_that_is_opened_again_is_looked_for_again_whatever_was_completed_before() -> None:
    done = told(OPENED, step("offered", 2), step("accepted", 3), step("completed", 4), step("case.closed", 5, None, None))
    again = told(*done, reopened(6, "medical"))
    assert [status_of(done), status_of(again)] == ["closed", "looking_for_help"]
    assert status_of(told(*again, step("offered", 7, "o2"), step("accepted", 8, "o2"))) == "accepted"
    assert [turn.word for turn in turns_of(told(*again, step("accepted", 8, "o2")))][-2:] == ["looking_for_help", "accepted"]


def test_a_need_that_is_asked_for_again_is_looked_for_again_and_the_others_stay_where_they_are() -> None:
    story = told(
        OPENED, step("accepted", 2), step("completed", 3), step("accepted", 4, "o2", "legal_aid"),
        reopened(5, "medical"),
    )  # fmt: skip
    assert needs_of(story) == {"medical": "looking_for_help", "legal_aid": "accepted"}
    assert status_of(story) == "accepted"
    assert needs_of(told(*story, step("completed", 6, "o3")))["medical"] == "completed"


def test_help_is_looked_for_every_need_of_an_open_case_without_a_word_about_its_offers() -> None:
    needs = ("medical", "legal_aid")
    assert (needs_of((), needs), status_of((), needs)) == ({}, "received")
    story = told(OPENED, step("accepted", 2), step("completed", 3))
    assert needs_of(story, needs) == {"medical": "completed", "legal_aid": "looking_for_help"}
    assert status_of(story, needs) == "looking_for_help", "a need that came later is not completed with the others"
    done = told(*story, step("accepted", 4, "o2", "legal_aid"), step("completed", 5, "o2", "legal_aid"))
    assert status_of(done, needs) == "completed"
    assert turns_of(told(OPENED)) == turns_of(told(Step(OPENED.what, AT, 1, needs_again=needs)))
