"""A misspelt call between the parts of a service fails `make types`: in each service they are planted, and each is reported."""

from __future__ import annotations

import ast
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from ngao.contracts import SERVICES

ROOT = Path(__file__).parents[2]
REPORTED = re.compile(r"^(?P<path>\S+\.py):(?P<line>\d+): error: ", re.MULTILINE)
FEWEST = {"console": 3}
"""So many places there are in a service, 60 in all others, or the search has gone blind."""
_UNTYPED = {"Any", "Call", "ModuleType", "Request", "Response"}


def planted_in(text: str) -> dict[int, int]:
    """Where a member of the context, of the parts or of a typed event ends: one column for each line.

    Not where attributes are made: what is misspelt there has no type for those who read it.
    """
    found: dict[int, int] = {}
    for function in ast.walk(ast.parse(text)):
        if isinstance(function, ast.FunctionDef) and function.name != "__init__":
            names = {each.arg for each in function.args.args if each.annotation is not None and _is_typed(each.annotation)}
            for node in ast.walk(function):
                if isinstance(node, ast.Attribute) and _root(node) in names and node.end_lineno and node.end_col_offset:
                    found[node.end_lineno] = max(found.get(node.end_lineno, 0), node.end_col_offset)
    return found


def _is_typed(annotation: ast.expr) -> bool:
    """A class by its name: the context, the parts, the payload of an event. Documents, calls and modules have no types.

    Flask's request and answer are not ours, and some of their members have none.
    """
    name = annotation.id if isinstance(annotation, ast.Name) else ""
    return name[:1].isupper() and name not in _UNTYPED and not name.endswith("Document")


def _root(node: ast.Attribute) -> str | None:
    value: ast.expr = node
    while isinstance(value, ast.Attribute):
        value = value.value
    return value.id if isinstance(value, ast.Name) else None


def plant(file: Path) -> Iterator[int]:
    """Misspell each of these members in a file; gives the lines."""
    text = file.read_text("utf-8")
    lines = text.splitlines(keepends=True)
    for line, column in planted_in(text).items():
        raw = lines[line - 1].encode()
        lines[line - 1] = (raw[:column] + b"_MISSPELT" + raw[column:]).decode()
        yield line
    file.write_text("".join(lines), "utf-8")


def check_types(tree: Path) -> str:
    command = [sys.executable, "-m", "mypy", "--no-color-output", *(f"services/{each}" for each in SERVICES)]
    return subprocess.run(command, cwd=tree, capture_output=True, text=True, check=False, timeout=600).stdout


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the type checker reads, with what it has learnt of it."""
    copy = tmp_path_factory.mktemp("misspelt")
    for name in ("ngao", "services", ".mypy_cache"):
        if (ROOT / name).exists():
            shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", copy)
    return copy


@pytest.mark.timeout(600)
def test_every_misspelt_member_is_reported_and_nothing_else(tree: Path) -> None:
    assert "Success" in check_types(tree), "the copy has errors before anything is planted"
    planted: set[tuple[str, int]] = set()
    for service in SERVICES:
        files = sorted((tree / "services" / service).rglob("*.py"))
        mine = {(str(file.relative_to(tree)), line) for file in files for line in plant(file)}
        assert len(mine) >= FEWEST.get(service, 60), service
        planted |= mine
    reported = {(found["path"], int(found["line"])) for found in REPORTED.finditer(check_types(tree))}
    unseen = sorted(planted - reported)
    assert not unseen, "\n".join(f"{path}:{line}" for path, line in unseen)
