"""The helper that runs many cases in one test: nothing that fails is lost, nothing passes for want of cases."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from tests.support.each import for_each


def failure(cases: Iterable[Any], check: Callable[[Any], None]) -> str:
    def run(case: Any) -> None:
        check(case)

    with pytest.raises(pytest.fail.Exception) as raised:
        for_each("case", cases)(run)()
    return str(raised.value)


def test_every_case_that_fails_is_named_with_its_reason_and_the_others_are_tried() -> None:
    tried = []

    def is_even(case: int) -> None:
        tried.append(case)
        assert case % 2 == 0, f"{case} is odd"

    said = failure([1, 2, 3], is_even)
    assert tried == [1, 2, 3]
    assert said.startswith("2 of 3 cases fail:")
    assert "1: AssertionError: 1 is odd" in said
    assert "3: AssertionError: 3 is odd" in said


def test_an_error_and_a_missing_error_are_failures() -> None:
    def raises(case: str) -> None:
        if case == "wrong":
            raise KeyError(case)
        with pytest.raises(ValueError, match="never"):
            pass

    said = failure(["wrong", "silent"], raises)
    assert "wrong: KeyError: 'wrong'" in said
    assert "silent: Failed: DID NOT RAISE" in said


def test_no_case_at_all_is_a_failure() -> None:
    def fails(case: str) -> None:
        raise ValueError(case)

    with pytest.raises(AssertionError, match="no case"):
        for_each("case", [])(fails)()


@for_each(("word", "count"), [("a", 1), pytest.param("bb", 2, id="two")])
@for_each("more", [0, 1])
def test_several_names_stack_and_fixtures_reach_each_case(tmp_path: Path, more: int, word: str, count: int) -> None:
    assert tmp_path.is_dir()
    assert len(word) + more == count + more
