"""What the registry says, says again and retracts of a person's statements holds in whatever order it comes."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from ngao.kernel.consent import ConsentChange, Statement, holding, with_change

DAY = datetime(2026, 11, 22, tzinfo=UTC)
WHOLE = Statement("referral", ("contact", "narrative"), at=DAY)
LEFT = replace(WHOLE, scope=("contact",))
OTHER = replace(WHOLE, at=DAY + timedelta(seconds=1))


def noted(*changes: ConsentChange) -> tuple[Statement, ...]:
    known: tuple[ConsentChange, ...] = ()
    for change in changes:
        known = with_change(known, change)
    return holding(known)


def test_a_statement_that_is_retracted_holds_no_more_whichever_event_comes_first() -> None:
    said, gone = ConsentChange(WHOLE, 3), ConsentChange(WHOLE, 4, retracted=True)
    assert noted(said, gone) == noted(gone, said) == ()


def test_what_was_left_of_a_statement_is_retracted_with_it_and_others_hold() -> None:
    said = (ConsentChange(LEFT, 3), ConsentChange(OTHER, 4), ConsentChange(WHOLE, 5, retracted=True))
    assert {noted(*order) for order in permutations(said)} == {(OTHER,)}


def test_a_withdrawal_and_a_consent_of_the_same_moment_are_retracted_apart() -> None:
    gone = replace(WHOLE, granted=False)
    assert noted(ConsentChange(WHOLE, 1), ConsentChange(gone, 2), ConsentChange(WHOLE, 3, retracted=True)) == (gone,)


def test_a_statement_that_an_earlier_version_stored_can_be_retracted() -> None:
    assert noted(ConsentChange(WHOLE), ConsentChange(WHOLE, 9, retracted=True)) == ()


@given(st.data())
def test_the_events_may_come_in_any_order_and_again(data: st.DataObject) -> None:
    kinds = st.tuples(st.sampled_from([WHOLE, LEFT, OTHER]), st.booleans())
    said = [ConsentChange(each, number, gone) for number, (each, gone) in enumerate(data.draw(st.lists(kinds, max_size=6)), 1)]
    other = data.draw(st.permutations([*said, *said]))
    assert set(noted(*said)) == set(noted(*other))
