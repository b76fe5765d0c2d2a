"""A session ends by itself: when nothing happens, and after its hours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from services.console.sessions.model import IDLE, LONGEST, PROVED_FOR, SEEN_EVERY, Session

NOW = datetime(2026, 11, 30, 18, 0, tzinfo=UTC)


def test_it_lives_while_somebody_is_active_and_no_longer_than_its_hours() -> None:
    session = Session("hash", "amina", NOW, NOW, "passkey", "phone")
    assert session.is_alive(NOW + IDLE - timedelta(seconds=1))
    assert not session.is_alive(NOW + IDLE)
    now = NOW
    while session.is_alive(now):
        session.is_seen(now)
        now += timedelta(minutes=20)
    assert now - NOW >= LONGEST
    assert session.seen_at < NOW + LONGEST


def test_not_every_page_costs_a_write() -> None:
    session = Session("hash", "amina", NOW, NOW, "passkey", "phone")
    assert not session.is_seen(NOW + SEEN_EVERY - timedelta(seconds=1))
    assert session.is_seen(NOW + SEEN_EVERY)
    assert session.seen_at == NOW + SEEN_EVERY


def test_a_locked_session_is_not_kept_alive_and_continues_when_it_is_unlocked() -> None:
    session = Session("hash", "amina", NOW, NOW, "passkey", "phone")
    session.lock(NOW)
    later = NOW + timedelta(minutes=20)
    session.lock(later)
    assert (session.is_locked, session.locked_at) == (True, NOW)
    assert not session.is_seen(later)
    assert not session.is_alive(NOW + IDLE)
    session.unlock(later)
    assert not session.is_locked
    assert session.is_alive(NOW + IDLE)


def test_a_proof_holds_for_some_minutes_and_unlocking_is_another_one() -> None:
    session = Session("hash", "amina", NOW, NOW, "passkey", "phone")
    late = NOW + PROVED_FOR
    assert (session.is_proved(late - timedelta(seconds=1)), session.is_proved(late)) == (True, False)
    session.lock(late)
    assert not session.is_proved(NOW), "behind a locked screen is anyone"
    session.unlock(late)
    assert (session.is_proved(late), session.is_proved(late + PROVED_FOR)) == (True, False)
