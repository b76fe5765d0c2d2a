"""Text as it is compared and stored: its cost is its length, whatever it is made of."""

from __future__ import annotations

import sys
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import chain

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ngao.kernel.names import words
from ngao.kernel.text import MOST_MARKS, clean
from services.intake.reports.draft import readable

MARKS = "\u0300\u0315\u0316\u0334\u05b0\u0f71\u0f72\u0f73\u0f81\u0344\u3099\uff9e"
"""Of many classes; some of them count as no marks themselves, and are made of marks."""
A_SIGN_COSTS = 60
"""Moves for one sign, at most: in a run of thirty marks each can be moved past all others."""

READERS: tuple[Callable[[str], object], ...] = (clean, words, lambda text: readable({"texts": [text]}))
pathological = st.lists(
    st.tuples(st.sampled_from(MARKS + "a'\u00e9"), st.integers(min_value=1, max_value=400)), min_size=1, max_size=12
).map(lambda runs: "".join(sign * times for sign, times in runs))


def moves(text: str) -> int:
    """How often an insertion sort of the marks by class, as Python's own normalisation has it, moves a mark."""
    done, heavier = 0, Counter[int]()
    for sign in chain.from_iterable(unicodedata.normalize("NFKD", each) for each in text):
        weight = unicodedata.combining(sign)
        if not weight:
            heavier.clear()
            continue
        done += sum(count for each, count in heavier.items() if each > weight)
        heavier[weight] += 1
    return done


@pytest.fixture
def normalised(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Every text that is normalised meanwhile, as it comes to the normalisation."""
    texts: list[str] = []
    real = unicodedata.normalize
    with monkeypatch.context() as patched:
        patched.setattr(unicodedata, "normalize", lambda form, text: texts.append(text) or real(form, text))
        yield texts


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    "text",
    [
        "a" + "\u0315" * 2000 + "\u0300" * 2000,
        "\u0315" * 2000 + "\u0300" * 2000,
        "a" + "\u0f73" * 2000,
        "a" + ("\u0315" * 15 + "\u0300" * 15 + "'") * 150,
        "a" + "\u0315" * 1000 + "\u0007\u200b" * 100 + "\u0300" * 1000,
    ],
)
def test_no_text_is_costlier_to_normalise_than_its_length(
    normalised: list[str], read: Callable[[str], object], text: str
) -> None:
    read(text)
    worked = [moves(each) for each in normalised if len(each) > 1]
    assert sum(worked) <= A_SIGN_COSTS * len(text)


@settings(max_examples=200)
@given(text=pathological)
def test_no_run_of_marks_is_longer_than_any_writing_needs(text: str) -> None:
    assert moves(clean(text)) <= A_SIGN_COSTS * len(text)
    assert clean(clean(text)) == clean(text)


@given(text=st.text(max_size=300))
def test_a_text_as_people_write_it_keeps_every_sign(text: str) -> None:
    """Nothing but its control and invisible signs goes."""
    written = "".join(sign for sign in text if not unicodedata.category(sign).startswith("C"))
    assert clean(written) == unicodedata.normalize("NFC", written).strip()


def test_thirty_marks_on_one_letter_stay() -> None:
    text = "a" + "\u0334" * MOST_MARKS
    assert clean(text) == text
    assert clean(f"{text}\u0334b") == f"{text}b"


@pytest.mark.parametrize("count", [MOST_MARKS, 500_000])
def test_a_run_of_marks_is_cut_before_it_is_brought_into_order(count: int) -> None:
    """Half a million in their wrong order were minutes of work in which no other request was served."""
    text = "a" + ("\u0315" * (count // 2)) + ("\u0300" * (count - count // 2))
    assert len(clean(text)) <= 1 + MOST_MARKS
    assert words(text) == ("a",)


def test_no_mark_of_a_real_word_is_lost() -> None:
    for word in ("Ngũgĩ", "Kĩmathi", "Nguyễn", "שָׁלוֹם", "हिन्दी"):
        assert clean(unicodedata.normalize("NFD", word)) == unicodedata.normalize("NFC", word)


def test_no_printable_sign_is_one_that_goes() -> None:
    """So a text of printable signs, line ends and tabs is not looked at sign by sign."""
    printable = filter(str.isprintable, map(chr, range(sys.maxunicode + 1)))
    assert not [sign for sign in printable if unicodedata.category(sign).startswith("C")]
