"""Names are compared as people write them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.registry.people.identity import Identity
from services.registry.people.names import name_keys, skeleton, tokens
from services.registry.people.resolve import normalised
from services.registry.people.similarity import similarity
from tests.support.registry import POLICY

SOUNDS = POLICY.matching.same_sounds


@pytest.mark.parametrize(("one", "other"), [
    ("Wanjikũ Kamau", "kamau WANJIKU"),
    ("Mary Wanjiku Kamau", "Wanjiku Kamau"),
    ("Ng'ang'a Otieno", "Ng\u2019ang\u2019a Otieno"),
    ("Halima  A. Noor", "Noor Halima"),
])
def test_order_case_accents_apostrophes_and_initials_make_no_difference(one: str, other: str) -> None:
    assert similarity(one, other) == 1.0


@pytest.mark.parametrize(("one", "other"), [
    ("Achieng Odhiambo", "Acheng Odhiambo"), ("Mohamed Abdi", "Mohammed Abdi"), ("Phyllis Chebet", "Filis Chebet"),
])
def test_respellings_are_alike_and_share_a_key(one: str, other: str) -> None:
    assert similarity(one, other) >= POLICY.matching.contradicts_below
    assert name_keys([one], POLICY.matching) & name_keys([other], POLICY.matching)


@pytest.mark.parametrize(("one", "other"), [
    ("Amina Hassan", "Amina Otieno"), ("Mary Wanjiku", "Grace Chebet"), ("Joseph Kariuki", "Josephine Atieno"),
])
def test_other_people_contradict(one: str, other: str) -> None:
    assert similarity(one, other) < POLICY.matching.contradicts_below


def test_one_word_alone_finds_nobody() -> None:
    assert name_keys(["Mary"], POLICY.matching) == frozenset()


def test_a_skeleton_keeps_the_first_vowel_and_no_other() -> None:
    assert skeleton("atieno", SOUNDS) == "atn"


@given(st.text(max_size=60), st.text(max_size=60))
def test_similarity_is_symmetric_and_bounded(one: str, other: str) -> None:
    alike = similarity(one, other)
    assert 0.0 <= alike <= 1.0
    assert alike == pytest.approx(similarity(other, one))


@given(st.text(max_size=60))
def test_any_text_is_read(text: str) -> None:
    found = tokens(text)
    assert all(len(token) > 1 for token in found) or all(len(token) == 1 for token in found)
    name_keys([text], POLICY.matching)


@pytest.mark.parametrize(("raw", "read"), [
    ("0700 000 001", "+254700000001"), ("+254 700-000-001", "+254700000001"), ("00254700000001", "+254700000001"),
    ("12", "12"), ("no  number", "no number"), ("254 700 000 001", "+254700000001"),
])
def test_phones_are_read_to_one_spelling(raw: str, read: str) -> None:
    assert normalised(Identity(phones=(raw,)), "KE", POLICY.placeholders).phones == (read,)
