"""JSON pointers (RFC 6901): fill a document by them, and find the one that a JMESPath expression stands for."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import pairwise
from typing import Any

import jmespath


def escape(step: str) -> str:
    """A name as a step of a pointer."""
    return step.replace("~", "~0").replace("/", "~1")


def assign(document: dict[str, Any], pointer: str, value: Any) -> None:
    """Put a value at a pointer, making the objects and lists on the way; a number as a step makes a list."""
    steps = [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")[1:]]
    here: Any = document
    for step, following in pairwise(steps):
        here = _entered(here, step, [] if following.isdigit() else {})
    _entered(here, steps[-1], None)
    here[int(steps[-1]) if isinstance(here, list) else steps[-1]] = value


def _entered(here: Any, step: str, fresh: Any) -> Any:
    if isinstance(here, dict):
        return here.setdefault(step, fresh)
    at = int(step)
    while len(here) <= at:
        here.append(type(fresh)() if fresh is not None else None)
    return here[at]


def items_at(document: Mapping[str, Any], pointer: str) -> int:
    """How many items the list at a pointer has; 0 if there is none."""
    here: Any = document
    for step in pointer.split("/")[1:]:
        here = here.get(step) if isinstance(here, Mapping) else None
    return len(here) if isinstance(here, list) else 0


@cache
def native_pointer(expression: str) -> str:
    """The pointer of a plain path such as `"a/b".c[0]`; of anything cleverer, the part that is plain."""
    return "".join(f"/{escape(step)}" for step in _steps(jmespath.compile(expression).parsed))


@cache
def top_level_name(expression: str) -> str:
    """The name in the native body that an expression starts from."""
    return next(iter(_steps(jmespath.compile(expression).parsed)), "")


def _steps(node: Mapping[str, Any]) -> list[str]:
    if node["type"] == "field":
        return [str(node["value"])]
    if node["type"] == "index":
        return [str(node["value"])]
    if node["type"] in ("subexpression", "index_expression"):
        return [step for child in node["children"] for step in _steps(child)]
    return _steps(node["children"][0]) if node.get("children") else []
