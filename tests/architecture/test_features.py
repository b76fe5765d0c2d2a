"""A service is built by feature: pure models, one place that knows the database, use cases that nobody else calls."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from ngao.chassis.handlers.declaring import declared, every
from ngao.deployment.naming import SERVICES
from tests.support.trees import parsed

ROOT = Path(__file__).parents[2]
DATABASE = {"mongoengine", "pymongo", "bson"}


def modules(service: str) -> Iterator[ModuleType]:
    package = importlib.import_module(f"services.{service}")
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        yield importlib.import_module(found.name)


def imported(file: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Each module that a file imports, with the names that it takes from it."""
    for node in ast.walk(parsed(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((each.name, ()) for each in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module, tuple(each.name for each in node.names)


@pytest.mark.parametrize("service", SERVICES)
def test_what_stands_at_the_top_of_a_service_is_the_same_in_each(service: str) -> None:
    top = {file.stem for file in (ROOT / "services" / service).glob("*.py")} - {"__init__"}
    assert top >= {"service", "context", "policy"}
    assert not top & {"bootstrap", "ports", "messages", "http_api", "views", "shown", "storytelling"}


@pytest.mark.parametrize("service", SERVICES)
def test_only_a_store_knows_the_database(service: str) -> None:
    files = [file for file in (ROOT / "services" / service).rglob("*.py") if file.name != "store.py"]
    assert [str(file) for file in files if any(module.partition(".")[0] in DATABASE for module, _ in imported(file))] == []


@pytest.mark.parametrize("service", SERVICES)
def test_no_use_case_is_called_by_another(service: str) -> None:
    """What two share is a step below them: an entrypoint that somebody calls has two meanings. A timer may be run at once."""
    entrypoints = {
        (module.__name__, name)
        for module in modules(service)
        for name, function in vars(module).items()
        if any(not isinstance(each, every) for each in declared(function)) and function.__module__ == module.__name__
    }
    called = [
        f"{file.relative_to(ROOT)}: {name}"
        for file in (ROOT / "services" / service).rglob("*.py")
        for module, names in imported(file)
        for name in names
        if (module, name) in entrypoints
    ]
    assert entrypoints
    assert called == []
