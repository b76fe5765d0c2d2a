"""The recipes for contributors are carried out on a copy of the tree: they touch as few files as they say, and each works."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.thorough

ROOT = Path(__file__).parents[2]
RECIPES = ROOT / "docs" / "contributing"
PRODUCT = ("ngao/", "services/", "deploy/", "bin/")
MOST = {"add-an-endpoint": 2, "add-an-event": 4, "add-a-channel": 3, "add-a-profile": 1, "add-a-timer": 1}
DIFF = re.compile(r"^```diff\n(.*?)^```$", re.MULTILINE | re.DOTALL)
CHECK = re.compile(r"^\$ bin/ngao run pytest (.*)$", re.MULTILINE)
SAYS = re.compile(r"\*\*Files you will touch:\*\* (\d+) of the product")
TOUCHED = re.compile(r"^\+\+\+ b/(\S+)$", re.MULTILINE)


def run(tree: Path, *command: str) -> str:
    """Run a program in the copy; its output, when it ends well."""
    environment = {**os.environ, "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False, timeout=400)
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout[-3000:]}{done.stderr[-2000:]}"
    return done.stdout


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of the tree, with what the type checker has learnt of it."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    for name in listed:
        if (ROOT / name).is_file():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, tmp_path / name)
    if (ROOT / ".mypy_cache").exists():
        shutil.copytree(ROOT / ".mypy_cache", tmp_path / ".mypy_cache")
    return tmp_path


def test_every_recipe_has_its_bar() -> None:
    assert {page.stem for page in RECIPES.glob("add-*.md")} == set(MOST)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", sorted(MOST))
def test_a_recipe_touches_as_few_files_as_it_says_and_works(name: str, tree: Path) -> None:
    page = (RECIPES / f"{name}.md").read_text("utf-8")
    (tree / "recipe.diff").write_text("\n".join(DIFF.findall(page)), "utf-8")
    touched = set(TOUCHED.findall((tree / "recipe.diff").read_text("utf-8")))
    product = {path for path in touched if path.startswith(PRODUCT)}
    (says,) = SAYS.findall(page)
    assert len(product) == int(says) <= MOST[name], sorted(product)
    assert [path for path in touched if path not in page.partition("\n## ")[0] and path in product] == [], "its table names each"
    run(tree, "git", "apply", "--unidiff-zero", "--whitespace=nowarn", "recipe.diff")
    assert "Success" in run(tree, sys.executable, "-m", "mypy")
    run(tree, sys.executable, "-m", "ruff", "check", *sorted(path for path in touched if path.endswith(".py")))
    checks = CHECK.findall(page)
    assert checks, "a recipe says how it is checked"
    for line in checks:
        run(tree, sys.executable, "-m", "pytest", "-q", "-p", "no:randomly", *line.split())
