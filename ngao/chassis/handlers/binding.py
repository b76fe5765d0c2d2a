"""From a declared function to a call of it: which argument each parameter gets. All of it is decided before anything runs."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ngao.chassis.errors import InvalidInput
from ngao.chassis.handlers.context import Parts, UnitContext
from ngao.chassis.http.call import Call
from ngao.chassis.http.operation import VARIABLE
from ngao.chassis.security.identity import Principal
from ngao.contracts import FieldError

_EMPTY = inspect.Parameter.empty


@dataclass(frozen=True)
class Binding:
    """A declared function and its parameters. `on_parts` is True if it opens its units of work itself."""

    function: Callable[..., Any]
    on_parts: bool
    named: tuple[str, ...]
    query: Mapping[str, Any]

    def reading(self, parts: Parts[Any], principal: Principal | None = None) -> Any:
        """Return the first argument of a function that only reads, or opens its units itself."""
        return parts if self.on_parts else parts.read(principal)

    def with_event(self, context: Any, event: Any, envelope: Any) -> Any:
        """Call an event handler; the envelope is given to those that ask for it."""
        return self.function(context, event, envelope) if "envelope" in self.named else self.function(context, event)

    def arguments(self, call: Call, values: Mapping[str, str]) -> dict[str, Any]:
        """Return the arguments of an HTTP handler besides its context. They are read once, even if the unit of work runs again.

        Raises InvalidInput for a body that does not match its schema, or for a missing query parameter.
        """
        given: dict[str, Any] = dict(values)
        for name in self.named:
            if name == "call":
                given[name] = call
            elif name == "body":
                given[name] = call.load()
        for name, default in self.query.items():
            given[name] = _asked(call, name) if default is _EMPTY else call.query.get(name, default)
        return given


def bind(function: Callable[..., Any], *, event: bool = False) -> Binding:
    """Read the signature of a declared function. Raises TypeError for a first parameter that is neither context nor parts."""
    parameters = list(inspect.signature(function).parameters.values())
    if not parameters:
        raise TypeError(f"{function.__qualname__}: the first parameter is the service's context or its parts")
    on_parts = _is_parts(function, parameters[0])
    query = {each.name: each.default for each in parameters if each.kind is inspect.Parameter.KEYWORD_ONLY}
    named = tuple(each.name for each in parameters[2 if event else 1 :] if each.kind is not inspect.Parameter.KEYWORD_ONLY)
    return Binding(function, on_parts, named, query)


def check_route(function: Callable[..., Any], bound: Binding, path: str, *, has_request: bool) -> None:
    """Raise TypeError when a parameter is neither in the path, nor `body`, nor `call`, or the path has one that is missing."""
    variables = set(VARIABLE.findall(path))
    wanted = set(bound.named) - {"call", "body"}
    if wanted != variables:
        raise TypeError(f"{function.__qualname__}: its parameters and the variables of {path} differ")
    if "body" in bound.named and not has_request:
        raise TypeError(f"{function.__qualname__}: body needs a declared request")


def _is_parts(function: Callable[..., Any], first: inspect.Parameter) -> bool:
    kind = first.annotation
    if isinstance(kind, str):
        kind = getattr(function, "__globals__", {}).get(kind.partition("[")[0])
    if isinstance(kind, type) and issubclass(kind, UnitContext | Parts):
        return issubclass(kind, Parts)
    raise TypeError(f"{function.__qualname__}: the first parameter is annotated with the service's context or its parts")


def _asked(call: Call, name: str) -> str:
    value = call.query.get(name)
    if not value:
        raise InvalidInput(f"The query needs {name}.", [FieldError(f"/{name}", "required", "Give it in the query.")])
    return str(value)
