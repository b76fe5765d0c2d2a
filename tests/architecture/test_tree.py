"""What the tree promises a newcomer: small files, a line for each folder, no secrets, no forbidden tools."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.trees import parsed
from tools.generating import architecture

ROOT = Path(__file__).resolve().parents[2]
LONGEST_FILE, LONGEST_FUNCTION = 300, 50
NOT_OURS = {
    ".git",
    ".venv",
    ".ngao",
    ".env",
    "secrets",
    "__pycache__",
    ".mypy_cache",
    ".ruff_cache",
    ".pytest_cache",
    ".hypothesis",
    ".import_linter_cache",
    "dl",
}
FORBIDDEN = re.compile(r"nameko\.events|\bEventDispatcher\b|\bevent_handler\b|\bprint\(")
KEY = "PRIVATE" + " KEY"
SECRETS = {
    "a private key": re.compile(rf"-----BEGIN [A-Z ]*{KEY}"),
    "a bearer key": re.compile(r"ngao_(?:source|partner|operator)_[a-z0-9-]+_[A-Za-z0-9_-]{43}\b"),
    "an access token": re.compile(r"\b(?:ghp|gho|glpat|xox[abp]|sk)[_-][A-Za-z0-9]{20,}|\bAKIA[0-9A-Z]{16}\b"),
    "a local package index": re.compile("file:" + r"///opt|/opt/" + "pypi"),
    "an index address": re.compile(r"^\s*(?:--)?(?:extra-)?index-url[ =]", re.MULTILINE),
    "a password in an address": re.compile(r"\b(?:amqps?|mongodb|https?)://(?!guest:guest@)[\w.-]+:(?!\{)[^\s@/{}\"'<>]{3,}@"),
}
# Numbers and addresses of examples: nobody has them.
TELEPHONE = re.compile(r"\+254(?!700000)\d{9}\b")


def texts() -> Iterator[tuple[Path, str]]:
    for folder, folders, files in os.walk(ROOT):
        folders[:] = sorted(set(folders) - NOT_OURS)
        for path in (Path(folder, name) for name in sorted(files)):
            if not path.is_file() or path == Path(__file__) or path.name in NOT_OURS or path.name.endswith(".egg-info"):
                continue
            try:
                yield path.relative_to(ROOT), path.read_text("utf-8")
            except UnicodeDecodeError:
                continue


def sources(*tops: str) -> Iterator[tuple[Path, str]]:
    for top in tops:
        for path in sorted((ROOT / top).rglob("*.py")):
            yield path.relative_to(ROOT), path.read_text("utf-8")


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    assert not [str(path) for path, text in sources("ngao", "services") if text.count("\n") > LONGEST_FILE]


def test_no_function_is_longer_than_a_screen() -> None:
    functions = ast.FunctionDef | ast.AsyncFunctionDef
    found = [
        f"{path}:{node.name}"
        for path, text in sources("ngao", "services")
        for node in ast.walk(parsed(text))
        if isinstance(node, functions) and (node.end_lineno or 0) - node.lineno >= LONGEST_FUNCTION
    ]
    assert found == []


def test_services_and_chassis_neither_print_nor_use_namekos_events() -> None:
    uses = [
        str(path) for path, text in sources("services", "ngao/chassis") if FORBIDDEN.search(re.sub(r"fingerprint\(", "", text))
    ]
    assert uses == []


def test_eventlet_stays_in_the_chassis() -> None:
    imports = re.compile(r"^\s*(?:import|from) eventlet\b", re.MULTILINE)
    elsewhere = {
        str(path) for path, text in sources("ngao", "services") if imports.search(text) and path.parts[:2] != ("ngao", "chassis")
    }
    assert elsewhere <= {"ngao/run.py"}


def test_every_folder_says_in_one_line_what_it_is_for() -> None:
    silent = [str(folder.relative_to(ROOT)) for folder in architecture.folders(ROOT) if not architecture.purpose_of(folder, ROOT)]
    assert silent == []


@pytest.mark.parametrize("what", SECRETS)
def test_nothing_secret_and_no_private_address_is_in_the_tree(what: str) -> None:
    invented = "tests" if what == "a password in an address" else None  # tests of refusals need some
    assert [str(path) for path, text in texts() if path.parts[0] != invented and SECRETS[what].search(text)] == []


def test_telephones_of_examples_are_invented() -> None:
    assert [str(path) for path, text in texts() if TELEPHONE.search(text)] == []


def test_every_decision_has_a_number_of_its_own_and_stands_in_the_index() -> None:
    records = sorted((ROOT / "docs" / "adr").glob("[0-9]*.md"))
    numbers = [path.name[:4] for path in records]
    assert len(set(numbers)) == len(numbers)
    index = (ROOT / "docs" / "README.md").read_text("utf-8")
    assert [path.name for path in records if path.name not in index] == []


def test_links_of_the_documentation_lead_somewhere() -> None:
    link = re.compile(r"\]\((?!https?:|mailto:|#)([^)#\s]+)")
    pages = [(path, text) for path, text in texts() if path.suffix == ".md"]
    broken = [
        f"{path}: {target}" for path, text in pages for target in link.findall(text) if not (ROOT / path.parent / target).exists()
    ]
    assert broken == []
