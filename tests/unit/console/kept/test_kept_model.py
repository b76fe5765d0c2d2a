"""What was written comes back as it was, from the same browser and for the same account alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from services.console.kept.closing import close, new_key, open_kept
from services.console.kept.model import KEPT_FOR, is_words, read_written, written

NOW = datetime(2026, 11, 30, 23, 0, tzinfo=UTC)
WORDS = "Ana mtoto mgonjwa. Mpigie jioni."
FIELDS = [("csrf_token", "secret"), ("text", WORDS), ("flag", "a"), ("flag", "b"), ("_kept", "old")]
NOTE = written("/c/NG-4CJY0RRPKP/notes", FIELDS)


def test_a_form_keeps_its_fields_in_their_order_but_not_its_tokens() -> None:
    assert NOTE.fields == (("text", WORDS), ("flag", "a"), ("flag", "b"))
    assert read_written(NOTE.as_bytes()) == NOTE
    assert (NOTE.case_ref, NOTE.is_draft) == ("NG-4CJY0RRPKP", False)
    assert (replace(NOTE, action="/report").case_ref, replace(NOTE, page="/c/NG-1").is_draft) == ("", True)


@pytest.mark.parametrize("fields", [[("a", 1)], [("a",)], ["abc"], 5])
def test_what_is_no_form_is_refused(fields: object) -> None:
    with pytest.raises((TypeError, ValueError)):
        written("/c/NG-1/notes", fields)


def test_only_the_same_browser_opens_it_and_only_for_the_same_account() -> None:
    key = new_key()
    kept = close(key, "of-amina", NOTE, NOW)
    assert open_kept(key, kept) == NOTE
    assert open_kept(new_key(), kept) is None
    assert open_kept(key, replace(kept, whose="of-baraka")) is None
    assert open_kept(key, replace(kept, id="another")) is None
    assert WORDS.encode() not in kept.body


def test_the_same_form_twice_is_one_and_another_browser_cannot_say_that_it_is_the_same() -> None:
    key = new_key()
    one, again = close(key, "of-amina", NOTE, NOW), close(key, "of-amina", NOTE, NOW)
    assert one.id == again.id
    assert one.body != again.body
    assert close(new_key(), "of-amina", NOTE, NOW).id != one.id


def test_it_is_kept_for_a_quarter_of_an_hour() -> None:
    assert close(new_key(), "of-amina", NOTE, NOW).expires_at == NOW + KEPT_FOR == NOW + timedelta(minutes=15)


def test_codes_are_sent_as_they_are_and_words_are_shown() -> None:
    assert [is_words(each) for each in ("", "met", "a" * 900, "KE-30")] == [False] * 4
    assert all(map(is_words, (WORDS, "two words", "one\n")))
