"""The query of a handler is bound to its parameters, from which its declaration is made: no handler reads it by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from ngao.contracts import SERVICES

ROOT = Path(__file__).parents[2]
PLACES = (*(f"services/{name}" for name in SERVICES), "ngao/chassis/pages")


@pytest.mark.parametrize("place", PLACES)
def test_a_use_case_whose_query_is_bound_reads_none_by_itself(place: str) -> None:
    files = list((ROOT / place).rglob("*.py"))
    assert files
    assert [str(file) for file in files if ".query" in file.read_text("utf-8")] == []
