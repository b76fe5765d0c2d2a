"""The table in tests/README.md names the tests that prove each law of the design; they are there."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parents[1]
ROW = re.compile(r"^\| (\d+)\. [^|]+\| (.+) \|$", re.MULTILINE)
TABLE = ROW.findall((TESTS / "README.md").read_text("utf-8"))
LAWS = {int(number): re.findall(r"`([^`]+)::([^`]+)`", named) for number, named in TABLE}


def test_every_law_is_proved() -> None:
    assert list(LAWS) == list(range(1, 10))
    assert all(LAWS.values())


@pytest.mark.parametrize("law", sorted(LAWS))
def test_the_tests_that_prove_a_law_are_there(law: int) -> None:
    for file, test in LAWS[law]:
        body = ast.parse((TESTS / file).read_text("utf-8")).body
        assert test in {each.name for each in body if isinstance(each, ast.FunctionDef)}, f"{file} has no {test}"
