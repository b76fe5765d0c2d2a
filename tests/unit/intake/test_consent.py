"""Consent: what holds at the moment of disclosure, in whatever order it was told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.consent import Consent, ConsentChange, Refusal, carried_over, refusal

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
GIVEN = NOW - timedelta(days=10)
FULL = Consent("referral", ("contact", "narrative"), given_at=GIVEN)


def change(days: int, *, granted: bool = False, scope: tuple[str, ...] = (), recipient: str | None = None) -> ConsentChange:
    return ConsentChange("referral", scope, recipient, granted, NOW - timedelta(days=days))


def why(*consents: Consent, changes: tuple[ConsentChange, ...] = (), recipient: str = "clinic") -> Refusal | None:
    return refusal(consents, changes, purpose="referral", data="narrative", recipient=recipient, now=NOW)


def test_a_general_consent_holds_for_any_partner() -> None:
    assert why(FULL) is None


def test_no_consent_is_no_disclosure() -> None:
    assert why() is Refusal.NO_CONSENT


def test_another_purpose_is_none() -> None:
    assert why(Consent("statistics", ("narrative",))) is Refusal.NO_CONSENT


def test_another_scope_is_none() -> None:
    assert why(Consent("referral", ("contact",))) is Refusal.NO_CONSENT


def test_a_consent_for_another_partner_is_none() -> None:
    assert why(Consent("referral", ("narrative",), recipient="lawyers")) is Refusal.NO_CONSENT


def test_a_consent_ends_at_its_very_moment() -> None:
    assert why(Consent("referral", ("narrative",), until=NOW)) is Refusal.CONSENT_EXPIRED


def test_a_withdrawal_after_it_ends_it() -> None:
    assert why(FULL, changes=(change(1),)) is Refusal.WITHDRAWN


def test_a_withdrawal_of_another_scope_leaves_it() -> None:
    assert why(FULL, changes=(change(1, scope=("contact",)),)) is None


def test_a_withdrawal_for_another_partner_leaves_it() -> None:
    assert why(FULL, changes=(change(1, recipient="lawyers"),)) is None


def test_a_withdrawal_before_it_does_not_touch_it() -> None:
    assert why(FULL, changes=(change(20),)) is None


def test_a_consent_given_again_later_holds() -> None:
    assert why(FULL, changes=(change(2), change(1, granted=True, scope=("narrative",)))) is None


def test_a_withdrawal_that_names_a_partner_is_not_undone_by_a_general_consent() -> None:
    changes = (change(2, recipient="clinic"), change(1, granted=True, scope=("narrative",)))
    assert why(FULL, changes=changes) is Refusal.WITHDRAWN
    assert why(FULL, changes=changes, recipient="lawyers") is None


def test_a_withdrawal_counts_as_soon_as_it_is_heard_even_if_its_clock_is_ahead() -> None:
    assert why(FULL, changes=(change(-1),)) is Refusal.WITHDRAWN


def test_a_consent_given_at_the_registry_ends_when_it_says() -> None:
    given = change(1, granted=True, scope=("narrative",))
    assert why(changes=(replace(given, until=NOW + timedelta(seconds=1)),)) is None
    assert why(changes=(replace(given, until=NOW),)) is Refusal.CONSENT_EXPIRED


def test_the_order_of_telling_does_not_matter() -> None:
    told = (change(3), change(2, granted=True, scope=("narrative",)), change(1, scope=("narrative",)))
    assert {why(FULL, changes=order) for order in permutations(told)} == {Refusal.WITHDRAWN}


def test_a_repeated_form_does_not_undo_a_withdrawal() -> None:
    again = carried_over([FULL], [Consent("referral", ("narrative", "contact"))], NOW)
    assert again[0].given_at == GIVEN
    assert why(*again, changes=(change(1),)) is Refusal.WITHDRAWN


CHANGES = st.builds(
    change,
    st.integers(0, 20),
    granted=st.booleans(),
    scope=st.sampled_from([(), ("narrative",), ("contact",)]),
    recipient=st.sampled_from([None, "clinic"]),
)


@given(st.lists(CHANGES, max_size=6))
def test_a_withdrawal_at_this_moment_always_stops_the_disclosure(changes: list[ConsentChange]) -> None:
    assert why(FULL, changes=(*changes, change(0))) is not None
