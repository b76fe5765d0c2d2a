"""Consent: purpose x data x recipient x until, and its withdrawal. The table of cases is the specification."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import permutations
from random import Random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from ngao.kernel.consent import ConsentAnswer, ConsentSnapshot, Statement, carried_over, consent_answer, remaining, stated
from tests.support.consents import CASES, DAY, QUESTIONS, Case, Given, Question, Said, in_any_order, numbered, statements

NOW = DAY + timedelta(hours=12)
LATER = NOW + timedelta(hours=1)


def answer(said: Sequence[Said], asks: Question) -> bool:
    """The answer for a source's events, in the order in which they come, and what the person said since."""
    reported = stated(ConsentSnapshot(sequence, statements(told)) for sequence, told in numbered(said))
    others = [each for told in said if not told.by_source for each in statements(told)]
    found = consent_answer((*reported, *others), purpose=asks.purpose, scope=asks.scope, recipient=asks.recipient, now=asks.at)
    return found is ConsentAnswer.LIVE


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_answer_is_what_the_table_says(case: Case) -> None:
    assert answer(case.said, case.asks) is case.answer, case.why


def test_the_table_names_each_case_once_and_gives_its_reason() -> None:
    assert len({case.name for case in CASES}) == len(CASES) >= 25
    assert all(case.why for case in CASES)
    assert {case.answer for case in CASES} == {True, False}


@settings(max_examples=200)
@given(in_any_order(), QUESTIONS, st.randoms(use_true_random=False))
def test_the_order_of_arrival_changes_no_answer(said: list[Said], asks: Question, random: Any) -> None:
    mixed = list(said)
    random.shuffle(mixed)
    assert answer(said, asks) is answer(mixed, asks)


@settings(max_examples=200)
@given(in_any_order(), QUESTIONS)
@example([], Question("referral", None, "clinic", DAY))
def test_after_a_whole_withdrawal_at_the_end_the_answer_is_no(said: list[Said], asks: Question) -> None:
    end = Said("withdrawn", DAY + timedelta(hours=1), (Given(asks.purpose),))
    assert not answer([*said, end], asks)


# One rule at a time


def consent(*scope: str, at: datetime = NOW, purpose: str = "referral", granted: bool = True, **more: Any) -> Statement:
    return Statement(purpose, scope, at=at, granted=granted, **more)


def withdrawal(*scope: str, at: datetime, recipient: str | None = None) -> Statement:
    return consent(*scope, at=at, granted=False, recipient=recipient)


moments = st.integers(-100, 100).map(lambda minutes: NOW + timedelta(minutes=minutes))
scopes = st.lists(st.sampled_from(["contact", "narrative", "attributes"]), unique=True).map(tuple)
recipients = st.sampled_from([None, "partner-a", "partner-b"])
said_of = st.builds(
    Statement, purpose=st.sampled_from(["referral", "statistics"]), scope=scopes, recipient=recipients,
    until=st.none() | moments, at=moments, granted=st.booleans(),
)


def ask(
    said: Sequence[Statement], scope: str | None = "contact", recipient: str | None = "partner-a", now: datetime = LATER
) -> ConsentAnswer:
    return consent_answer(said, purpose="referral", scope=scope, recipient=recipient, now=now)


def test_a_consent_covers_its_purpose_and_scope_only() -> None:
    assert ask([consent("contact")]) is ConsentAnswer.LIVE
    assert ask([consent("narrative")]) is ConsentAnswer.NONE
    assert ask([consent("contact", purpose="advocacy")]) is ConsentAnswer.NONE


def test_a_consent_for_one_partner_is_none_for_another_and_none_for_anyone() -> None:
    said = [consent("contact", recipient="partner-a")]
    assert ask(said) is ConsentAnswer.LIVE
    assert ask(said, recipient="partner-b") is ConsentAnswer.NONE
    assert ask(said, recipient=None) is ConsentAnswer.NONE


def test_it_expires_at_its_very_moment() -> None:
    said = [consent("contact", until=LATER)]
    assert ask(said, now=LATER - timedelta(milliseconds=1)) is ConsentAnswer.LIVE
    assert ask(said, now=LATER) is ConsentAnswer.EXPIRED


def test_a_consent_without_scope_allows_the_purpose_and_no_data() -> None:
    assert ask([consent()], scope=None) is ConsentAnswer.LIVE
    assert ask([consent()]) is ConsentAnswer.NONE


def test_a_withdrawn_scope_leaves_the_others() -> None:
    said = [consent("contact", "narrative"), withdrawal("contact", at=LATER)]
    assert ask(said, "contact") is ConsentAnswer.WITHDRAWN
    assert ask(said, "narrative") is ConsentAnswer.LIVE
    assert ask(said, None) is ConsentAnswer.LIVE


def test_withdrawing_every_scope_withdraws_the_purpose() -> None:
    assert ask([consent("contact"), withdrawal("contact", at=LATER)], None) is ConsentAnswer.WITHDRAWN


def test_a_withdrawal_for_one_partner_leaves_the_others() -> None:
    said = [consent("contact"), withdrawal(at=LATER, recipient="partner-a")]
    assert ask(said, recipient="partner-a") is ConsentAnswer.WITHDRAWN
    assert ask(said, recipient="partner-b") is ConsentAnswer.LIVE


def test_a_withdrawal_before_it_does_not_touch_it() -> None:
    assert ask([consent("contact"), withdrawal(at=NOW - timedelta(days=20))]) is ConsentAnswer.LIVE


def test_what_is_said_again_later_counts_again() -> None:
    assert ask([consent("contact"), withdrawal(at=NOW), consent("contact", at=LATER)]) is ConsentAnswer.LIVE


def test_a_withdrawal_that_names_a_partner_is_not_undone_by_a_general_consent() -> None:
    said = [withdrawal(at=NOW, recipient="partner-a"), consent("contact", at=LATER)]
    assert ask(said) is ConsentAnswer.WITHDRAWN
    assert ask(said, recipient="partner-b") is ConsentAnswer.LIVE


def test_a_withdrawal_counts_as_soon_as_it_is_heard_even_if_its_clock_is_ahead() -> None:
    assert ask([consent("contact"), withdrawal(at=LATER + timedelta(days=1))]) is ConsentAnswer.WITHDRAWN


def test_the_order_of_telling_does_not_matter() -> None:
    told = (withdrawal(at=NOW), consent("contact", at=NOW + timedelta(minutes=1)), withdrawal("contact", at=LATER))
    assert {ask(order) for order in permutations(told)} == {ConsentAnswer.WITHDRAWN}


def test_a_repeated_form_does_not_undo_a_withdrawal() -> None:
    again = carried_over([consent("contact", "narrative")], [Statement("referral", ("narrative", "contact"))], LATER)
    assert again == (consent("narrative", "contact"),)
    assert ask([*again, withdrawal(at=NOW + timedelta(minutes=1))]) is ConsentAnswer.WITHDRAWN


def test_what_remains_of_a_consent_keeps_its_order_and_is_none_when_all_is_withdrawn() -> None:
    given_all = consent("narrative", "contact", "attributes")
    assert remaining(given_all, [withdrawal("contact", at=LATER)]) == consent("narrative", "attributes")
    assert remaining(given_all, [withdrawal("contact", at=LATER, recipient="partner-a")]) == given_all
    assert remaining(given_all, [withdrawal(at=LATER)]) is None


@given(st.lists(said_of, max_size=8), moments)
def test_after_a_full_withdrawal_nothing_said_until_then_lives(said: list[Statement], at: datetime) -> None:
    gone = withdrawal(at=at)
    before = [each for each in said if each.at <= at]
    for scope in (None, "contact", "narrative", "attributes"):
        for recipient in (None, "partner-a", "partner-b"):
            assert ask([*before, gone], scope, recipient, at) is not ConsentAnswer.LIVE


@given(st.lists(said_of, max_size=8), said_of, recipients, scopes)
def test_a_further_withdrawal_never_gives(
    said: list[Statement], more: Statement, recipient: str | None, asked: tuple[str, ...]
) -> None:
    taken = replace(more, granted=False, until=None)
    for scope in (None, *asked):
        if ask([*said, taken], scope, recipient, NOW) is ConsentAnswer.LIVE:
            assert ask(said, scope, recipient, NOW) is ConsentAnswer.LIVE


@given(st.lists(said_of, max_size=8), st.randoms(use_true_random=False), recipients)
def test_the_order_in_which_statements_are_kept_does_not_matter(
    said: list[Statement], random: Random, recipient: str | None
) -> None:
    mixed = list(said)
    random.shuffle(mixed)
    assert ask(said, recipient=recipient, now=NOW) is ask(mixed, recipient=recipient, now=NOW)


@given(st.lists(said_of, max_size=8), moments)
def test_what_lives_was_given_for_this_purpose_recipient_and_time(said: list[Statement], now: datetime) -> None:
    if ask(said, now=now) is ConsentAnswer.LIVE:
        assert any(
            each.granted and each.purpose == "referral" and "contact" in each.scope
            and each.recipient in (None, "partner-a") and (each.until is None or each.until > now)
            for each in said
        )
