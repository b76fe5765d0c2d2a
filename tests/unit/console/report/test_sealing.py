"""Answers in a page's form: only their own account opens them, unaltered, within a shift."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import pytest

from services.console.report.model import Answers
from services.console.report.sealing import open_sealed, seal

NOW = datetime(2026, 3, 2, 9, tzinfo=UTC)
ANSWERS = Answers("a" * 32, NOW.isoformat(), {"words": {"text": "They came at night."}})


class Keys:
    """What a keyring derives."""

    def lookup_hash(self, kind: str, value: str) -> str:
        return hashlib.sha256(f"{kind}/{value}".encode()).hexdigest()


def sealed() -> str:
    return seal(Keys(), "amina", "session-1", ANSWERS, NOW)


def test_the_same_person_opens_them_and_the_browser_reads_nothing() -> None:
    opened = open_sealed(Keys(), "amina", "session-1", sealed(), NOW)
    assert opened is not None
    assert (opened.answers, opened.is_own_session) == (ANSWERS, True)
    assert sealed() != sealed()
    assert "night" not in sealed()


def test_answers_of_an_earlier_session_open_and_say_so() -> None:
    opened = open_sealed(Keys(), "amina", "session-2", sealed(), NOW + timedelta(hours=1))
    assert opened is not None
    assert (opened.answers, opened.is_own_session) == (ANSWERS, False)


def test_another_person_opens_nothing() -> None:
    assert open_sealed(Keys(), "baraka", "session-1", sealed(), NOW) is None


@pytest.mark.parametrize("after", [timedelta(hours=14), timedelta(hours=-1)])
def test_after_a_shift_they_do_not_open(after: timedelta) -> None:
    assert open_sealed(Keys(), "amina", "session-1", sealed(), NOW + after) is None


def test_what_was_altered_does_not_open() -> None:
    good = sealed()
    for altered in ("", "x", "ü", good[:-4], good[:20] + ("A" if good[20] != "A" else "B") + good[21:], good + "AAAA"):
        assert open_sealed(Keys(), "amina", "session-1", altered, NOW) is None
