"""Boxes come in a few sizes, and what is in them reads as before."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ngao.kernel.padding import SIZES, STEP, padded

DOCUMENT = b'{"phones":["+254700000001"]}'


@given(st.dictionaries(st.text(max_size=20), st.text(max_size=3000), max_size=4))
def test_a_padded_document_says_the_same_and_has_one_of_the_sizes(content: dict[str, str]) -> None:
    found = padded(json.dumps(content).encode())
    assert json.loads(found) == content
    assert len(found) in SIZES or len(found) % STEP == 0


@pytest.mark.parametrize("size", [*SIZES, 20 * STEP])
def test_a_full_size_is_not_padded_and_one_more_byte_takes_the_next(size: int) -> None:
    assert len(padded(b"x" * size)) == size
    assert size < len(padded(b"x" * (size + 1))) <= max(4 * size, size + STEP)


def test_two_people_of_different_lengths_have_boxes_of_one_length() -> None:
    assert len(padded(DOCUMENT)) == len(padded(DOCUMENT * 20))
