"""Where an act of two begins and ends: the first call asks, and the approval of another operator runs the same handler."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from nameko.extensions import ENTRYPOINT_EXTENSIONS_ATTR

from ngao.chassis.approvals.approvals import Act, Pending
from ngao.chassis.errors import NotAllowedNow
from ngao.chassis.http.call import Answer, Call
from ngao.chassis.http.render import render
from ngao.chassis.security.identity import Principal

if TYPE_CHECKING:
    from ngao.chassis.http.entrypoint import Operation

Demands = Callable[..., bool]
"""`f(service, call, **path)`: whether this call of the operation is an act of two."""


def always(_service: Any, _call: Call, **_values: str) -> bool:
    """Every call of the operation is an act of two."""
    return True


def ask_first(declared: Operation, service: Any, call: Call, values: Mapping[str, str]) -> Answer | None:
    """The answer 202 when another operator must approve first, else None. What would be refused later is refused now."""
    if declared.two_person is None or call.principal.kind != "operator" or not call.chassis.approvals.needed:
        return None
    if declared.request is not None:
        call.load()
    if not declared.two_person(service, call, **values):
        return None
    act = Act(
        declared.operation, declared.method, declared.path, declared.needs, values, call.query, call.body, call.content_type
    )
    return Answer(202, call.chassis.approvals.ask(act, by=call.principal.id))


def run_approved(service: Any, call: Call, pending: Pending) -> Any:
    """Run the handler as whoever asked for it; gives the JSON that it answers. Raises NotAllowedNow, and its errors."""
    handler, declared = _handler(type(service), pending.act.operation)
    asker = call.chassis.operators.get(pending.asked_by)
    if asker is None or not asker.enabled or declared.needs not in asker.scopes:
        raise NotAllowedNow("Whoever asked for this may not do it any more.", slug="asker-not-allowed")
    act = pending.act
    again = Call(
        principal=Principal("operator", pending.asked_by, asker.scopes),
        body=act.body,
        content_type=act.content_type,
        headers={},
        query=dict(act.query),
        trace=call.trace,
        schema=declared.request,
        chassis=call.chassis,
    )
    body = render(handler(service, again, **act.values)).body
    return json.loads(body) if body else None


def _handler(service_cls: type, operation: str) -> tuple[Callable[..., Any], Operation]:
    for _, method in inspect.getmembers(service_cls, inspect.isfunction):
        for entrypoint in getattr(method, ENTRYPOINT_EXTENSIONS_ATTR, ()):
            declared = getattr(entrypoint, "declared", None)
            if declared is not None and getattr(declared, "operation", None) == operation:
                return inspect.unwrap(method), declared
    raise NotAllowedNow("This version of the service has no such operation.", slug="no-such-operation")
