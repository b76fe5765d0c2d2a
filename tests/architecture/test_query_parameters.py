"""A handler reads only query parameters that its operation declares, and every one that is declared is read."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest
from nameko.extensions import ENTRYPOINT_EXTENSIONS_ATTR

from tests.support.inventory import service_class

SERVICES = ("intake", "registry", "referral", "notify")
A_HELPER = re.compile(r"\b((?:[a-z_]+\.)?[a-z_]+)\(call\b")


def handlers(name: str) -> list[tuple[Any, Any]]:
    methods = [method for _, method in inspect.getmembers(service_class(name), inspect.isfunction)]
    found = [(entry, method) for method in methods for entry in getattr(method, ENTRYPOINT_EXTENSIONS_ATTR, ())]
    return [(entry.declared, inspect.unwrap(method)) for entry, method in found if hasattr(entry, "declared")]


def named(helper: str, method: Any, service: type) -> Any:
    """The function that a handler hands its call to: of its own module, of one that it imports, or of the service itself."""
    holder, _, name = helper.rpartition(".")
    module = inspect.getmodule(method)
    place = service if holder == "self" else getattr(module, holder, None) if holder else module
    return inspect.unwrap(getattr(place, name, None)) if hasattr(place, name) else None


def source_with_helpers(method: Any, service: type) -> str:
    own = inspect.getsource(method)
    text, seen, todo = own, set(), A_HELPER.findall(own)
    while todo:
        helper = todo.pop()
        function = named(helper, method, service)
        if helper in seen or not inspect.isfunction(function):
            continue
        seen.add(helper)
        text += inspect.getsource(function)
        todo += A_HELPER.findall(inspect.getsource(function))
    return text


def is_bound(method: Any, service: type) -> bool:
    """Whether the query of a handler is bound to its parameters, from which its declaration is made."""
    return hasattr(service, "open") and method.__module__.startswith("services.")


@pytest.mark.parametrize("name", SERVICES)
def test_a_use_case_whose_query_is_bound_reads_none_by_itself(name: str) -> None:
    if hasattr(service_class(name), "open"):
        files = Path(inspect.getfile(service_class(name))).parent.rglob("*.py")
        assert [str(file) for file in files if ".query" in file.read_text("utf-8")] == []


@pytest.mark.parametrize("name", SERVICES)
def test_a_handler_that_reads_the_query_declares_what_it_reads_and_no_other_declares_any(name: str) -> None:
    for declared, method in handlers(name):
        if is_bound(method, service_class(name)):
            continue
        reads = ".query" in source_with_helpers(method, service_class(name))
        assert reads == bool(declared.query), declared.operation
