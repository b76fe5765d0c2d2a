"""Docstrings agree with what their functions return."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.trees import parsed

ROOT = Path(__file__).resolve().parents[2]
FILES = [path for room in ("ngao", "services") for path in sorted((ROOT / room).rglob("*.py"))]
TRUE = ("Return True", "Returns True")
BOOLEAN = ("bool", "'bool'", "TypeGuard", "TypeIs")


def mistaken(text: str) -> Iterator[int]:
    """Lines of functions whose docstring begins with "Return True" and which do not return a bool."""
    for node in ast.walk(parsed(text)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        returns = ast.unparse(node.returns) if node.returns else ""
        if (ast.get_docstring(node) or "").startswith(TRUE) and not returns.startswith(BOOLEAN):
            yield node.lineno


def test_a_function_that_says_it_returns_true_returns_a_bool() -> None:
    assert [(str(path), line) for path in FILES for line in mistaken(path.read_text("utf-8"))] == []


@pytest.mark.parametrize(("returns", "found"), [("None", [1]), ("str", [1]), ("bool", [])])
def test_a_planted_docstring_is_found(returns: str, found: list[int]) -> None:
    assert list(mistaken(f'def settle() -> {returns}:\n    """Return True if no work is left."""\n')) == found
