"""JSON pointers (RFC 6901): fill a document by them, and find the one that a JMESPath expression stands for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from itertools import pairwise
from typing import Any

import jmespath
from jmespath.visitor import TreeInterpreter

from ngao.kernel.text import clean


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
    return _pointer(_parsed(expression))


@cache
def top_level_name(expression: str) -> str:
    """The name in the native body that an expression starts from."""
    return next(iter(_steps(_parsed(expression))), "")


@dataclass(frozen=True)
class Item:
    """One item of a repeat group: the item itself, what an expression gives for it, and the pointer to it."""

    native: Any = field(repr=False)
    value: Any = field(repr=False)
    place: str


def items_of(expression: str, native: Mapping[str, Any]) -> list[Item] | None:
    """The items of the list that an expression walks through (`acts[].what`, `acts`), also those for which it gives nothing.

    JMESPath itself leaves those out, after which nobody knows any more to which item a value belongs. None for an expression
    that gives no list.
    """
    node = _parsed(expression)
    walked, wanted = node["children"] if node["type"] == "projection" else (node, None)
    found = TreeInterpreter().visit(walked, native)
    if not isinstance(found, list):
        return None
    head, tail = _pointer(walked), _pointer(wanted) if wanted else ""
    values = [TreeInterpreter().visit(wanted, each) if wanted else each for each in found]
    return [Item(each, value, f"{head}/{at}{tail}") for at, (each, value) in enumerate(zip(found, values, strict=True))]


def other_words(expression: str, native: Mapping[str, Any]) -> tuple[str, str]:
    """What a form's `<question>_other` holds beside the question that an expression names: its name, and the words."""
    node = _parsed(expression)
    node = node["children"][-1] if node["type"] == "projection" else node
    holder: Any = native
    if node["type"] == "subexpression":
        holder, node = TreeInterpreter().visit(node["children"][0], native), node["children"][1]
    name = f"{node['value']}_other" if node["type"] == "field" else ""
    words = holder.get(name) if name and isinstance(holder, Mapping) else None
    return name, clean(words) if isinstance(words, str) else ""


@cache
def top_level_other(expression: str) -> str:
    """The name under which a form tool puts the words of "other" for a question at the top of the body; empty for another."""
    node = _parsed(expression)
    return f"{node['value']}_other" if node["type"] == "field" else ""


@cache
def _parsed(expression: str) -> Any:
    return jmespath.compile(expression).parsed


def _pointer(node: Mapping[str, Any]) -> str:
    return "".join(f"/{escape(step)}" for step in _steps(node))


def _steps(node: Mapping[str, Any]) -> list[str]:
    if node["type"] == "field":
        return [str(node["value"])]
    if node["type"] == "index":
        return [str(node["value"])]
    if node["type"] in ("subexpression", "index_expression"):
        return [step for child in node["children"] for step in _steps(child)]
    return _steps(node["children"][0]) if node.get("children") else []


def leaves(value: Any, pointer: str = "", *, lists: bool = False) -> Iterator[tuple[str, Any]]:
    """Every value that holds no other, with its pointer; with `lists`, every list of such values instead."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield from leaves(each, f"{pointer}/{name}", lists=lists)
    elif isinstance(value, list):
        if lists and value and not any(isinstance(each, dict | list) for each in value):
            yield pointer, value
        for at, each in enumerate(value):
            yield from leaves(each, f"{pointer}/{at}", lists=lists)
    elif not lists:
        yield pointer, value


def value_at(document: Any, pointer: str) -> Any:
    """The value at a pointer; None if there is nothing."""
    here = document
    for step in pointer.split("/")[1:]:
        if isinstance(here, list):
            here = here[int(step)] if step.isdigit() and int(step) < len(here) else None
        else:
            here = here.get(step) if isinstance(here, dict) else None
    return here


def replace_at(document: Any, pointer: str, value: Any) -> None:
    """Put a value in the place of the one at a pointer."""
    head, _, last = pointer.rpartition("/")
    holder = value_at(document, head)
    holder[int(last) if isinstance(holder, list) else last] = value


def remove_at(document: Any, pointer: str) -> None:
    """Take out what is at a pointer, if there is anything."""
    head, _, last = pointer.rpartition("/")
    holder = value_at(document, head)
    if isinstance(holder, list):
        if last.isdigit() and int(last) < len(holder):
            del holder[int(last)]
    elif isinstance(holder, dict):
        holder.pop(last, None)
