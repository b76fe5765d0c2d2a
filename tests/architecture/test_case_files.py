"""Every file of tests/cases is used by a test: one that nobody reads has no answer, and proves nothing."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path
from typing import Any

from tests.support.cases import CASES, answers
from tests.support.each import for_each
from tests.support.trees import parsed

TESTS = CASES.parent
ABOUT = {"README.md", "answers.yaml"}
FOLDERS = ("report", "update", "partner", "mail")
FILES = [path for folder in FOLDERS for path in sorted((CASES / folder).iterdir()) if path.name not in ABOUT]
WITH_ROWS = ("report", "partner")


@cache
def words_of_tests() -> set[str]:
    """Every text that stands in a test, but for docstrings and this file."""
    paths = (path for path in TESTS.rglob("*.py") if path != Path(__file__))
    return {word for path in paths for word in texts(parsed(path.read_text("utf-8")))}


def texts(tree: ast.AST) -> set[str]:
    found = (node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str))
    return {str(node.value) for node in found if len(str(node.value)) < 100}


@cache
def named_in_rows(folder: str) -> set[str]:
    return {name for row in answers(folder) for name in names(row)}


def names(row: dict[str, Any]) -> list[str]:
    return [*row.get("post", ()), *([row["file"]] if "file" in row else [])]


@for_each("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_case_file_has_an_answer(path: Path) -> None:
    folder = path.parent.name
    whole = {path.name, f"{folder}/{path.name}", f"{folder}/{path.stem}"}
    # The files of updates are posted by their bare names, after one another.
    bare = {path.stem} if folder == "update" else set()
    assert (whole | bare) & words_of_tests() or path.stem in named_in_rows(folder)


@for_each("folder", WITH_ROWS)
def test_an_answer_is_about_a_file_that_is_there(folder: str) -> None:
    assert named_in_rows(folder) <= {path.stem for path in FILES if path.parent.name == folder}
