"""The folder index: each folder in one line, and who may import whom."""

from __future__ import annotations

import ast
import re
import tomllib
from pathlib import Path

from tools.generating.text import NOTICE, table

ROOTS = ("ngao", "services", "deploy", "tests", "tools", "docs", "bench")
_ENTRY = re.compile(r"^- `(?P<name>[^`]+)/`: (?P<purpose>.+)$", re.MULTILINE)
_INTRO = """One line per folder, taken from its package docstring, its README, or the README of a folder above it.

Where does a line go? It decides something a caseworker would argue about: `model.py` of its feature, or a pure module beside
it. It orders the steps of a use case, or turns a request or an event into one: the file of the use case, named by its verb.
It names a MongoDB field: `store.py`. It says what callers are shown: `responses.py`. Several features need it: `context.py`,
`policy.py`. Another team sees it: `ngao/contracts`. It would be the same in a bakery's platform: `ngao/chassis`. It names a
host, port or image: `deploy`."""


def files(root: Path) -> dict[str, str]:
    """Return the page."""
    rows = [(f"`{folder.relative_to(root).as_posix()}/`", purpose_of(folder, root) or "") for folder in folders(root)]
    parts = [
        NOTICE,
        "# Architecture",
        _INTRO,
        "## Folders",
        table(("folder", "what is in it"), rows),
        "## Import layers",
        _layers(root),
    ]
    return {"docs/reference/architecture.md": "\n\n".join(parts) + "\n"}


def folders(root: Path) -> list[Path]:
    """Return all folders that hold a file of ours, in order."""
    found = {each for top in ROOTS for path in _files(root / top) for each in path.parents if each.is_relative_to(root / top)}
    return sorted(found, key=lambda folder: folder.relative_to(root).parts)


def purpose_of(folder: Path, root: Path) -> str | None:
    """Return the purpose of a folder in one line, or None if no docstring or README states it."""
    return _of_package(folder) or _of_parents(folder, root) or _of_readme(folder) or _of_twin(folder, root)


def _of_twin(folder: Path, root: Path) -> str | None:
    """Return the purpose of a feature's unit tests, which are under the same path as the feature."""
    parts = folder.relative_to(root).parts
    twin = root.joinpath("services", *parts[2:])
    return f"Tests of `{twin.relative_to(root)}`." if parts[:2] == ("tests", "unit") and twin.is_dir() else None


def _files(top: Path) -> list[Path]:
    return [
        path for path in top.rglob("*") if path.is_file() and not any(_is_hidden(part) for part in path.relative_to(top).parts)
    ]


def _is_hidden(name: str) -> bool:
    return name.startswith(".") or name == "__pycache__" or name.endswith((".egg-info", ".pyc"))


def _of_package(folder: Path) -> str | None:
    source = folder / "__init__.py"
    if not source.exists():
        return None
    said = ast.get_docstring(ast.parse(source.read_text("utf-8")))
    return said.split("\n\n")[0].replace("\n", " ") if said else None


def _of_readme(folder: Path) -> str | None:
    source = folder / "README.md"
    if not source.exists():
        return None
    paragraphs = (part.strip() for part in source.read_text("utf-8").split("\n\n"))
    first = next((part for part in paragraphs if part and part[0] not in "#<|-"), None)
    return first.replace("\n", " ") if first else None


def _of_parents(folder: Path, root: Path) -> str | None:
    """Return what a README above says of a folder. `<feature>/templates/` says it of that folder in every feature."""
    for parent in folder.parents:
        if parent == root.parent:
            break
        readme = parent / "README.md"
        said = dict(_ENTRY.findall(readme.read_text("utf-8"))) if readme.exists() else {}
        name, of_a_feature = folder.relative_to(parent), Path("<feature>", *folder.relative_to(parent).parts[1:])
        for each in (name.as_posix(), of_a_feature.as_posix()):
            if each in said:
                return said[each]
    return None


def _layers(root: Path) -> str:
    settings = tomllib.loads((root / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]
    lines = [f"- {contract['name']}." for contract in settings["contracts"]]
    return "\n".join(["import-linter holds these (`make imports`):", "", *lines])
