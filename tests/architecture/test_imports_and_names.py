"""Who may import whom, who hears what, and what is exported."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys
import types
from pathlib import Path

import pytest
from nameko.extensions import ENTRYPOINT_EXTENSIONS_ATTR

from ngao.broker.layout import EDGE_INBOUND
from ngao.chassis.messaging.consumer import Consumes
from ngao.contracts import SERVICES, subscriptions_of
from tests.support.inventory import service_class

ROOT = Path(__file__).resolve().parents[2]
ERROR_MODULES = sorted(path.relative_to(ROOT) for top in ("ngao", "services") for path in (ROOT / top).rglob("errors.py"))
# No slugs, as nobody outside hears of them: wrong rules stop the start as Misconfigured, the rest are bugs of a caller.
UNHEARD = {Path("services/notify/errors.py")}


def hears(name: str) -> list[Consumes]:
    methods = [method for _, method in inspect.getmembers(service_class(name), inspect.isfunction)]
    found = [entrypoint for method in methods for entrypoint in getattr(method, ENTRYPOINT_EXTENSIONS_ATTR, ())]
    return [entrypoint for entrypoint in found if isinstance(entrypoint, Consumes)]


def module_of(path: Path) -> types.ModuleType:
    return importlib.import_module(".".join(path.with_suffix("").parts))


def errors_in(module: types.ModuleType) -> list[type[Exception]]:
    classes = [each for _, each in inspect.getmembers(module, inspect.isclass)]
    return [each for each in classes if issubclass(each, Exception) and each.__module__ == module.__name__]


def test_nobody_imports_what_they_may_not() -> None:
    run = "from importlinter.cli import lint_imports; import sys; sys.exit(lint_imports(no_cache=True))"
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", run], cwd=ROOT, capture_output=True, text=True, timeout=100, check=False
    )
    assert done.returncode == 0, done.stdout[-4000:]


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_hears_exactly_what_the_catalogue_says(name: str) -> None:
    heard = [each.hears for each in hears(name) if not each.edge]
    assert sorted(heard) == sorted(subscriptions_of(name))


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_reads_exactly_its_queues_of_the_edge(name: str) -> None:
    read = {(each.hears, each.queue) for each in hears(name) if each.edge}
    assert read == {(each.exchange, each.queue) for each in EDGE_INBOUND if each.service == name}


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_is_named_as_its_folder(name: str) -> None:
    assert service_class(name).name == name


@pytest.mark.parametrize("name", ["ngao.contracts", "ngao.client"])
def test_exported_names_are_the_names_there_are(name: str) -> None:
    module = importlib.import_module(name)
    real = {each for each, value in vars(module).items() if not each.startswith("_") and not isinstance(value, types.ModuleType)}
    assert set(module.__all__) == real


@pytest.mark.parametrize("path", [path for path in ERROR_MODULES if path not in UNHEARD], ids=str)
def test_every_error_has_a_slug_of_its_own(path: Path) -> None:
    errors = errors_in(module_of(path))
    assert errors
    assert [error.__name__ for error in errors if "slug" not in vars(error)] == []
    slugs = [vars(error)["slug"] for error in errors]
    assert len(set(slugs)) == len(slugs)
    assert all(slug.replace("-", "").isalpha() and slug == slug.lower() for slug in slugs)


@pytest.mark.parametrize("path", ERROR_MODULES, ids=str)
def test_the_tree_of_errors_is_drawn_where_they_stand(path: Path) -> None:
    module = module_of(path)
    assert [error.__name__ for error in errors_in(module) if error.__name__ not in (module.__doc__ or "")] == []
