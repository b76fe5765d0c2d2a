"""One operation of a service's HTTP interface: its declaration, and the functions that run it."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import KW_ONLY, dataclass
from typing import Any

from marshmallow import Schema

from ngao.chassis.http.auditing import Audited, check
from ngao.chassis.http.call import Call
from ngao.chassis.http.doors import KINDS
from ngao.kernel.scopes import REACHES

Demand = Callable[..., bool]
"""`f(ctx, ...)`, with the same arguments as a handler: whether this call needs the approval of a second operator."""
VARIABLE = re.compile(r"<(?:[^:<>]+:)?([^<>]+)>")
"""A variable of a path, as werkzeug writes it."""
_SCOPE = re.compile(r"^[a-z]{2,20}:(read|write)$")


@dataclass(frozen=True)
class Operation:
    """The declaration above a handler; the OpenAPI document is made of these.

    `path` is werkzeug's, "/v1/things/<thing_id>". `roles` says who may call: "operator", "anyone", kinds of outsiders; `scope` is
    what an operator's key must have. `query` names the parameters that are read: any other is refused, because a filter that is
    ignored answers another question than was asked. `inline` runs without a worker; `inside` is not for outsiders: see
    `HttpSettings.inside_port`. `audit` is what it puts on record, see `auditing`. `bounded` names the reaches that it
    heeds (`Principal.reaches`): a caller who reaches some records only, and by another reach, is refused.
    """

    method: str
    path: str
    _: KW_ONLY
    roles: Collection[str]
    operation: str = ""
    summary: str = ""
    request: type[Schema] | None = None
    accepts: tuple[str, ...] = ("application/json",)
    responses: Mapping[int, type[Schema] | None] | None = None
    inline: bool = False
    inside: bool = False
    scope: str = ""
    two_person: Demand | None = None
    query: tuple[str, ...] = ()
    audit: Audited | None = None
    bounded: Collection[str] = ()

    def __post_init__(self) -> None:
        """Refuse unknown callers, and an operation for operators that lacks an audit or a scope: any of their keys would do."""
        if not REACHES.keys() >= set(self.bounded):
            raise TypeError(f"{self.operation}: bounded is some of {', '.join(REACHES)}")
        if not self.roles or not KINDS.issuperset(self.roles):
            raise TypeError(f"{self.operation}: roles are some of {', '.join(sorted(KINDS))}")
        if "operator" in self.roles and not _SCOPE.fullmatch(self.scope):
            raise TypeError(f"{self.operation}: an operation of operators declares the scope it needs, such as messages:read")
        if "operator" in self.roles and self.responses is None:
            raise TypeError(
                f"{self.operation}: an operation of operators declares what it returns, so that roles bound its fields"
            )
        check(self)


@dataclass(frozen=True)
class Endpoint:
    """An operation and its functions, which are called with the service's parts, the call and the variables of the path.

    `demands` decides whether a call needs the approval of a second operator.
    """

    operation: Operation
    run: Callable[[Any, Call, Mapping[str, str]], Any]
    demands: Callable[[Any, Call, Mapping[str, str]], bool]
