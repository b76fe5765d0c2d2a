"""An operation of this service that its own pages ask for, in the name of the person who is signed in.

The rights of the person, the approval of a second operator, the fields that are left out and the entry in the audit are those of
a request over HTTP. Only the key or token is not read again: the pages know who is signed in.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from eventlet import Timeout
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule

from ngao.chassis.errors import NotFound, ScopeNeeded
from ngao.chassis.http.call import Call
from ngao.chassis.http.entrypoint import answered
from ngao.chassis.http.render import Rendered, dump, render, render_error
from ngao.chassis.security.identity import Principal

if TYPE_CHECKING:
    from ngao.chassis.handlers.context import Parts
    from ngao.chassis.http.operation import Endpoint


def ask_here(parts: Parts[Any], person: Principal, trace: str, method: str, path: str, *, body: Any = None) -> Rendered:
    """Return what the operation at this path answers; never raises. `path` may have a query, `body` is a JSON value."""
    try:
        place, _, query = path.partition("?")
        endpoint, values = _found(parts, method, place)
        scope = endpoint.operation.scope
        if scope not in person.rights:
            raise ScopeNeeded(scope)  # noqa: TRY301 - it is answered as every other error
        call = Call(
            principal=replace(person, grant=person.rights[scope]),
            body=b"" if body is None else dump(body),
            content_type="application/json",
            query=dict(parse_qsl(query)),
            trace=trace,
            schema=endpoint.operation.request,
        )
        outcome = answered(endpoint, parts, call, values)
        return render_error(outcome) if isinstance(outcome, BaseException) else render(outcome)
    except (Exception, Timeout) as error:  # noqa: BLE001 - every error has an answer
        return render_error(error)


def _found(parts: Parts[Any], method: str, path: str) -> tuple[Endpoint, dict[str, str]]:
    """Return the operation of operators at a path, and the variables of the path. Raises NotFound."""
    try:
        name, values = _routes(parts).bind("here").match(path, method)
    except HTTPException:
        raise NotFound("There is no such operation.") from None
    return parts.endpoints[name], dict(values)


@cache
def _routes(parts: Parts[Any]) -> Map:
    operators = [each.operation for each in parts.endpoints.values() if "operator" in each.operation.roles]
    return Map([Rule(each.path, methods=[each.method], endpoint=each.operation) for each in operators], strict_slashes=True)
