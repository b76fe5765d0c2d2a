"""Text as it is compared and stored: its cost is its length, whatever it is made of."""

from __future__ import annotations

import unicodedata
from itertools import groupby

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ngao.kernel.names import words
from ngao.kernel.text import MOST_MARKS, clean

MARKS = "\u0315\u0300\u0301\u0323\u05b0\u3099"
"""Of several classes, so that bringing them into order is work."""


def longest_run(text: str) -> int:
    """Of marks, in the decomposed form, which is what is brought into order."""
    marked = groupby(unicodedata.normalize("NFKD", text), key=lambda char: unicodedata.combining(char) > 0)
    return max((len(list(run)) for is_mark, run in marked if is_mark), default=0)


@given(st.text(alphabet=st.sampled_from("a\u1ec7\u0344 \u200b" + MARKS), max_size=300))
def test_no_run_of_marks_is_longer_than_a_stream_holds(text: str) -> None:
    assert longest_run(clean(text)) <= MOST_MARKS + 3 * MOST_MARKS


@pytest.mark.parametrize("count", [MOST_MARKS, 500_000])
def test_a_run_of_marks_is_cut_before_it_is_brought_into_order(count: int) -> None:
    """Half a million in their wrong order were minutes of work in which no other request was served."""
    text = "a" + ("\u0315" * (count // 2)) + ("\u0300" * (count - count // 2))
    assert len(clean(text)) <= 1 + MOST_MARKS
    assert words(text) == ("a",)


def test_no_mark_of_a_real_word_is_lost() -> None:
    for word in ("Ngũgĩ", "Kĩmathi", "Nguyễn", "שָׁלוֹם", "हिन्दी"):
        assert clean(unicodedata.normalize("NFD", word)) == unicodedata.normalize("NFC", word)
