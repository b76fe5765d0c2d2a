"""What services write is read in one way by every page."""

from __future__ import annotations

from datetime import UTC, datetime

from services.console.values import account_of, moment_of


def test_an_actor_is_shown_by_the_account() -> None:
    assert [account_of(each) for each in ("operator:amina", "amina", "", None)] == ["amina", "amina", "", ""]


def test_a_moment_is_read_and_anything_else_is_none() -> None:
    assert moment_of("2026-11-30T02:14:00+00:00") == datetime(2026, 11, 30, 2, 14, tzinfo=UTC)
    assert [moment_of(each) for each in (None, 7, {})] == [None, None, None]
