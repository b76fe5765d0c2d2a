"""JMESPath expressions (jmespath.org) of profiles: check them, evaluate them, and find what they read of a native body.

An expression that fits one form meets another: a field is missing, a number is where a text was. JMESPath's functions then
raise, some of them Python's own errors. Here all of these are one error, so that they cost the field and never the call.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import jmespath
from jmespath.exceptions import JMESPathError
from jmespath.functions import Functions
from jmespath.visitor import TreeInterpreter

from ngao.kernel.text import clean
from services.intake.mapping.pointers import escape

EMPTY: tuple[Any, ...] = (None, "", [], {})
"""What counts as no value."""
_Node = Mapping[str, Any]
_RAISED = (ValueError, TypeError, ArithmeticError, LookupError, AttributeError)
# Their second child is read in what the first gives, not in the body.
_FROM_THE_FIRST = ("subexpression", "index_expression", "projection", "filter_projection", "value_projection", "flatten", "pipe")
_HERE = ("current", "identity")


class ExpressionFailed(Exception):
    """An expression that cannot be evaluated in a body. It has no text: the reasons of JMESPath quote values."""


def check_expression(expression: str) -> None:
    """Raise ValueError for an expression that is not JMESPath, or calls a function that JMESPath does not have."""
    try:
        node = jmespath.compile(expression).parsed
    except JMESPathError as error:
        raise ValueError(f"not a JMESPath expression: {type(error).__name__}") from None
    for call in _calls(node):
        _check_call(call["value"], len(call["children"]))


def evaluate(expression: str, native: Any) -> Any:
    """Return the value of an expression in a body. Raises ExpressionFailed."""
    return _visit(_parsed(expression), native)


def is_misshapen(expression: str, native: Any) -> bool:
    """Return True if an expression looks for names or items in something that has none, such as `end.date` in a text."""
    shapes = _Shapes()
    _given(_parsed(expression), native, shapes)
    return shapes.misfit


def is_stated(expression: str, native: Any) -> bool:
    """Return False if all that an expression reads is empty, so that there is nothing it could have lost."""
    paths = list(_paths(_parsed(expression)))
    return not paths or any(_visit(path, native) not in EMPTY for path in paths)


@cache
def native_pointer(expression: str) -> str:
    """Return the pointer of a plain path such as `"a/b".c[0]`; of a more complex one, of the first plain path in it."""
    return _pointer(_parsed(expression))


@cache
def top_level_names(expression: str) -> frozenset[str]:
    """Return the names at the top of the native body that an expression reads."""
    return frozenset(steps[0] for path in _paths(_parsed(expression)) if (steps := _steps(path)))


@dataclass(frozen=True)
class Item:
    """One item of a repeat group: the item itself, what an expression gives for it, and the native pointer to it."""

    native: Any = field(repr=False)
    value: Any = field(repr=False)
    origin: str
    failed: bool = False
    misshapen: bool = False


def items_of(expression: str, native: Mapping[str, Any]) -> list[Item] | None:
    """Return the items of the list that an expression walks through (`acts[].what`, `acts`), also those without a value.

    JMESPath itself leaves those out, after which it is unknown to which item a value belongs. None for an expression
    that gives no list; raises ExpressionFailed if the list itself cannot be found.
    """
    node = _parsed(expression)
    walked, wanted = node["children"] if node["type"] == "projection" else (node, None)
    found = _visit(walked, native)
    if not isinstance(found, list):
        return None
    head, tail = _pointer(walked), _pointer(wanted) if wanted else ""
    return [_item(wanted, record, f"{head}/{at}{tail}") for at, record in enumerate(found)]


def other_words(expression: str, native: Mapping[str, Any]) -> tuple[str, str]:
    """Return the name and the words of `<question>_other` beside the question that an expression names."""
    node = _parsed(expression)
    node = node["children"][-1] if node["type"] == "projection" else node
    holder: Any = native
    if node["type"] == "subexpression":
        holder, node = _given(node["children"][0], native), node["children"][1]
    name = f"{node['value']}_other" if node["type"] == "field" else ""
    words = holder.get(name) if name and isinstance(holder, Mapping) else None
    return name, clean(words) if isinstance(words, str) else ""


@cache
def top_level_other(expression: str) -> str:
    """Return the top-level name under which a form tool puts the words of "other" for a question; empty for another."""
    node = _parsed(expression)
    return f"{node['value']}_other" if node["type"] == "field" else ""


@cache
def _parsed(expression: str) -> Any:
    return jmespath.compile(expression).parsed


class _Shapes(TreeInterpreter):
    """Notes whether a value of another shape was met than an expression is written for; JMESPath itself gives nothing then."""

    misfit = False

    def visit_field(self, node: Any, value: Any) -> Any:
        self._expect(dict, value)
        return super().visit_field(node, value)

    def visit_index(self, node: Any, value: Any) -> Any:
        self._expect(list, value)
        return super().visit_index(node, value)

    def visit_flatten(self, node: Any, value: Any) -> Any:
        self._expect(list, self.visit(node["children"][0], value))
        return super().visit_flatten(node, value)

    def visit_projection(self, node: Any, value: Any) -> Any:
        self._expect(list, self.visit(node["children"][0], value))
        return super().visit_projection(node, value)

    def visit_filter_projection(self, node: Any, value: Any) -> Any:
        self._expect(list, self.visit(node["children"][0], value))
        return super().visit_filter_projection(node, value)

    def _expect(self, shape: type, value: Any) -> None:
        self.misfit = self.misfit or (value not in EMPTY and not isinstance(value, shape))


def _visit(node: Any, native: Any, interpreter: TreeInterpreter | None = None) -> Any:
    try:
        return (interpreter or TreeInterpreter()).visit(node, native)
    except _RAISED:
        raise ExpressionFailed from None


def _given(node: _Node, native: Any, interpreter: TreeInterpreter | None = None) -> Any:
    """Return the value of a part of an expression; nothing if it fails, which the whole expression has reported."""
    try:
        return _visit(node, native, interpreter)
    except ExpressionFailed:
        return None


def _item(wanted: _Node | None, native: Any, origin: str) -> Item:
    shapes = _Shapes()
    try:
        value = _visit(wanted, native, shapes) if wanted else native
    except ExpressionFailed:
        return Item(native, None, origin, failed=True)
    return Item(native, value, origin, misshapen=value in EMPTY and shapes.misfit)


def _calls(node: _Node) -> Iterator[_Node]:
    if node["type"] == "function_expression":
        yield node
    for child in _children(node):
        yield from _calls(child)


def _check_call(name: str, given: int) -> None:
    known = Functions.FUNCTION_TABLE.get(name)
    if known is None:
        raise ValueError("it calls a function that JMESPath does not have")
    wanted = known["signature"]
    is_variadic = bool(wanted) and wanted[-1].get("variadic", False)
    if given < len(wanted) or (given > len(wanted) and not is_variadic):
        raise ValueError(f"{name} takes {'at least ' if is_variadic else ''}{len(wanted)} arguments")


def _paths(node: _Node) -> Iterator[_Node]:
    """Return the longest plain paths of an expression that start at the body itself."""
    children = _children(node)
    if node["type"] == "field" or (node["type"] in ("subexpression", "index_expression") and _is_plain(node)):
        yield node
    elif node["type"] in _FROM_THE_FIRST:
        first = 1 if children[0]["type"] in _HERE and node["type"] == "pipe" else 0
        yield from _paths(children[first])
    elif node["type"] != "expref":
        for child in children:
            yield from _paths(child)


def _is_plain(node: _Node) -> bool:
    if node["type"] in ("subexpression", "index_expression"):
        return all(_is_plain(child) for child in _children(node))
    return node["type"] in ("field", "index", *_HERE)


def _children(node: _Node) -> list[_Node]:
    return [child for child in node.get("children", ()) if isinstance(child, Mapping)]


def _pointer(node: _Node) -> str:
    path = next(_paths(node), None)
    return "".join(f"/{escape(step)}" for step in _steps(path)) if path else ""


def _steps(path: _Node) -> list[str]:
    if path["type"] in ("field", "index"):
        return [str(path["value"])]
    return [step for child in _children(path) for step in _steps(child)]
