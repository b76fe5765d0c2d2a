"""The table in tests/README.md names the tests that prove each law of the guarantees; they are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
ROW = re.compile(r"^\| (\d+)\. ([^|]+) \| (.+) \|$", re.MULTILINE)
TABLE = ROW.findall((TESTS / "README.md").read_text("utf-8"))
LAWS = {int(number): re.findall(r"`([^`]+)::([^`]+)`", named) for number, _, named in TABLE}


def test_every_law_is_proved() -> None:
    assert list(LAWS) == list(range(1, 13))
    assert all(LAWS.values())


def test_the_laws_are_those_of_the_guarantees() -> None:
    stated = ROW.findall((TESTS.parent / "docs" / "explanation" / "guarantees.md").read_text("utf-8"))
    assert [row[:2] for row in stated] == [row[:2] for row in TABLE]


@pytest.mark.parametrize("law", sorted(LAWS))
def test_the_tests_that_prove_a_law_are_there(law: int) -> None:
    for file, test in LAWS[law]:
        body = ast.parse((TESTS / file).read_text("utf-8")).body
        assert test in {each.name for each in body if isinstance(each, ast.FunctionDef)}, f"{file} has no {test}"
