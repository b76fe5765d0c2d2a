"""How many records an operator may have listed."""

from __future__ import annotations

import pytest

from ngao.chassis.errors import InvalidInput
from ngao.chassis.pages.parked import limit_of
from tests.support.each import for_each


@for_each("given", ["1", "100", "500", "007"])
def test_a_number_within_the_bound_is_taken(given: str) -> None:
    assert limit_of(given) == int(given)


@for_each("given", ["", "0", "501", "many", "-1", "1.0", "٣", "0001000000000", "9" * 5000])
def test_any_other_is_refused(given: str) -> None:
    with pytest.raises(InvalidInput, match="limit must be a number from 1 to 500"):
        limit_of(given)
