"""Decorators by which a use case declares its own entrypoint, above its function.

The decorators give the function back as it is, so that a test calls it directly and mypy sees its real signature. `building`
reads what was declared and makes the entrypoints.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

from marshmallow import Schema

from ngao.chassis.http.operation import Operation
from ngao.contracts import Payload

F = TypeVar("F", bound=Callable[..., Any])
DECLARED = "__ngao_declared__"


def declared(function: Any) -> tuple[Any, ...]:
    """Return the declarations of a function; empty for any other object."""
    found: tuple[Any, ...] = getattr(function, DECLARED, ()) if inspect.isfunction(function) else ()
    return found


def _declare(function: F, declaration: Any) -> F:
    setattr(function, DECLARED, (*declared(function), declaration))
    return function


class _Declaration:
    """A decorator that is what it declares."""

    def __call__(self, function: F) -> F:
        return _declare(function, self)


@dataclass(frozen=True)
class Subscription(_Declaration):
    """Types of events that a function handles: whole, or as the smaller notice."""

    payloads: tuple[type[Payload], ...]
    as_notice: bool
    repeatable: bool


@dataclass(frozen=True, kw_only=True)
class _Route(Operation):
    """Declares an operation of the function below it; `returns` is the schema of the answer 200, or one for each status.

    Its name follows from the function's name, its summary is the first line of the docstring, unless they are given. A service
    that has an operation for operators without a scope or an audit does not start.
    """

    returns: type[Schema] | Mapping[int, type[Schema] | None] | None = None

    def __post_init__(self) -> None:
        """Check nothing yet: the function is not known."""

    def __call__(self, function: F) -> F:
        first, *others = function.__name__.split("_")
        parameters = inspect.signature(function).parameters.values()
        given: dict[str, Any] = vars(self) | {
            "roles": (self.roles,) if isinstance(self.roles, str) else self.roles,
            "operation": self.operation or first + "".join(each.capitalize() for each in others),
            "summary": self.summary or (inspect.getdoc(function) or "").partition("\n")[0],
            "query": tuple(each.name for each in parameters if each.kind is each.KEYWORD_ONLY),
            "responses": {200: self.returns} if isinstance(self.returns, type) else self.returns,
        }
        del given["returns"]
        return _declare(function, Operation(**given))


class http:  # noqa: N801 - it is written as a decorator
    """`@http.get(...)`, `.post`, `.put`, `.delete`: the function answers requests; see `Operation` for what is declared.

    Its first parameter is the service's context (a unit of work is opened, and committed when it returns) or its parts (no unit
    is opened). Of the others, those named in the path get its variables, `body` the loaded request, `call` the request itself;
    keyword-only parameters are the query, required when they have no default. It returns a JSON value, a `Response`, or None.
    """

    get = partial(_Route, "GET")
    post = partial(_Route, "POST")
    put = partial(_Route, "PUT")
    delete = partial(_Route, "DELETE")


def on(*payloads: type[Payload], repeatable: bool = False) -> Subscription:
    """Handle events of these types: `f(ctx, event)` with the payload, and `envelope` if the function has that parameter.

    `repeatable` says that an event handled again, at any time, leaves the record that it changes as it is. If that record is all
    that a unit of work writes, no mark is stored and no transaction is needed. Where that does not hold, the handler sets
    `needs_mark` of its unit.
    """
    return Subscription(payloads, as_notice=False, repeatable=repeatable)


def on_notices(*payloads: type[Payload], repeatable: bool = False) -> Subscription:
    """Handle the notices of events of these types: `f(ctx, event)` with the notice, which holds less than the event."""
    return Subscription(payloads, as_notice=True, repeatable=repeatable)


@dataclass(frozen=True)
class on_edge(_Declaration):  # noqa: N801
    """Handle what outsiders publish to an exchange of the edge: `f(ctx, delivery)`.

    `outsiders` is the collection of the service's store that has their ids: each has a lane to the queue.
    """

    exchange: str
    queue: str
    outsiders: str | None = None


@dataclass(frozen=True)
class every(_Declaration):  # noqa: N801
    """Run at intervals: `f(ctx)` in one unit of work, or `f(parts)`. A failure is logged, and the next turn tries again."""

    seconds: float


@dataclass(frozen=True)
class measures(_Declaration):  # noqa: N801
    """Set gauges at intervals: `f(ctx)`, which only reads, or `f(parts)`."""

    seconds: float


@dataclass(frozen=True)
class before_publishing(_Declaration):  # noqa: N801
    """Decide whether an event of this type may still leave: `f(ctx, event) -> bool`; see `rechecks`."""

    payload: type[Payload]
