"""The table in tests/browser/README.md names the tests of what every page must keep to; they are there."""

from __future__ import annotations

import re
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
NAMED = re.compile(r"`([^`]+\.py)::([^`]+)`")


def test_the_tests_that_hold_pages_to_the_checklist_are_there() -> None:
    named = NAMED.findall((TESTS / "browser" / "README.md").read_text("utf-8"))
    missing = [f"{file}::{test}" for file, test in named if f"def {test}(" not in (TESTS / file).read_text("utf-8")]
    assert (len(named) > 20, missing) == (True, [])
