"""Consent: purpose x data x recipient x until, and its withdrawal."""

from __future__ import annotations

from datetime import datetime, timedelta
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from services.registry.consent.model import Standing, Statement, live, standing
from tests.support.registry import NOW, consent

LATER = NOW + timedelta(hours=1)
moments = st.integers(-100, 100).map(lambda minutes: NOW + timedelta(minutes=minutes))
scopes = st.frozensets(st.sampled_from(["contact", "narrative", "attributes"]))
recipients = st.sampled_from([None, "partner-a", "partner-b"])
statements = st.builds(
    Statement, granted=st.booleans(), purpose=st.sampled_from(["referral", "statistics"]), scope=scopes, at=moments,
    recipient=recipients, until=st.none() | moments,
)


def ask(
    said: list[Statement], scope: str | None = "contact", recipient: str | None = "partner-a", now: datetime = LATER
) -> Standing:
    return standing(said, purpose="referral", scope=scope, recipient=recipient, now=now)


def test_a_consent_covers_its_purpose_and_scope_only() -> None:
    assert ask([consent("contact")]) is Standing.LIVE
    assert ask([consent("narrative")]) is Standing.NONE
    assert ask([consent("contact", purpose="advocacy")]) is Standing.NONE


def test_a_consent_for_one_partner_is_none_for_another_and_none_for_anyone() -> None:
    said = [consent(recipient="partner-a")]
    assert ask(said) is Standing.LIVE
    assert ask(said, recipient="partner-b") is Standing.NONE
    assert ask(said, recipient=None) is Standing.NONE


def test_it_expires_at_its_very_moment() -> None:
    said = [consent(until=LATER)]
    assert ask(said, now=LATER - timedelta(milliseconds=1)) is Standing.LIVE
    assert ask(said, now=LATER) is Standing.EXPIRED


def test_a_consent_without_scope_allows_the_purpose_and_no_data() -> None:
    said = [Statement(granted=True, purpose="referral", scope=frozenset(), at=NOW)]
    assert ask(said, scope=None) is Standing.LIVE
    assert ask(said, scope="contact") is Standing.NONE


def test_a_withdrawn_scope_leaves_the_others() -> None:
    said = [consent("contact", "narrative"), consent("contact", at=LATER, granted=False)]
    assert ask(said, "contact") is Standing.NONE
    assert ask(said, "narrative") is Standing.LIVE
    assert ask(said, None) is Standing.LIVE


def test_withdrawing_every_scope_withdraws_the_purpose() -> None:
    said = [consent("contact"), consent("contact", at=LATER, granted=False)]
    assert ask(said, None) is Standing.NONE


def test_a_withdrawal_for_one_partner_leaves_the_others() -> None:
    said = [consent(), consent(at=LATER, granted=False, recipient="partner-a")]
    assert ask(said, recipient="partner-a") is Standing.NONE
    assert ask(said, recipient="partner-b") is Standing.LIVE


def test_what_is_said_again_later_counts_again() -> None:
    said = [consent(), consent(at=NOW, granted=False), consent(at=LATER)]
    assert ask(said) is Standing.LIVE


@given(st.lists(statements, max_size=8), moments)
def test_after_a_full_withdrawal_nothing_said_until_then_lives(said: list[Statement], at: datetime) -> None:
    gone = Statement(granted=False, purpose="referral", scope=frozenset(), at=at)
    before = [each for each in said if each.at <= at]
    for scope in (None, "contact", "narrative", "attributes"):
        for recipient in (None, "partner-a", "partner-b"):
            assert not live([*before, gone], "referral", scope, recipient, at)


@given(st.lists(statements, max_size=8), statements, recipients, scopes)
def test_a_further_withdrawal_never_gives(
    said: list[Statement], more: Statement, recipient: str | None, asked: frozenset[str]
) -> None:
    taken = Statement(granted=False, purpose=more.purpose, scope=more.scope, at=more.at, recipient=more.recipient)
    for scope in (None, *asked):
        if live([*said, taken], "referral", scope, recipient, NOW):
            assert live(said, "referral", scope, recipient, NOW)


@given(st.lists(statements, max_size=8), st.randoms(use_true_random=False), recipients)
def test_the_order_in_which_statements_are_kept_does_not_matter(
    said: list[Statement], random: Random, recipient: str | None
) -> None:
    mixed = list(said)
    random.shuffle(mixed)
    assert ask(said, recipient=recipient, now=NOW) is ask(mixed, recipient=recipient, now=NOW)


@given(st.lists(statements, max_size=8), moments)
def test_what_lives_was_given_for_this_purpose_recipient_and_time(said: list[Statement], now: datetime) -> None:
    if live(said, "referral", "contact", "partner-a", now):
        assert any(
            each.granted and each.purpose == "referral" and "contact" in each.scope
            and each.recipient in (None, "partner-a") and (each.until is None or each.until > now)
            for each in said
        )
