"""Where an act of two begins and ends: the first call asks, and the approval of another operator runs the same handler."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ngao.chassis.approvals.approvals import Pending
from ngao.chassis.errors import NotAllowedNow
from ngao.chassis.http.bounds import check_bounds
from ngao.chassis.http.call import Call, Response
from ngao.chassis.http.render import render
from ngao.chassis.security.identity import Principal
from ngao.chassis.security.staff_tokens import Staff

if TYPE_CHECKING:
    from ngao.chassis.handlers.context import Parts
    from ngao.chassis.http.operation import Endpoint


def always(*_: Any) -> bool:
    """Require the approval of a second operator for every call of the operation."""
    return True


def ask_first(endpoint: Endpoint, parts: Parts[Any], call: Call, values: Mapping[str, str]) -> Response | None:
    """Return the answer 202 if another operator must approve the call first, else None.

    An invalid request is refused now, not at its approval.
    """
    declared = endpoint.operation
    if declared.two_person is None or call.principal.kind != "operator" or parts.chassis.approvals.mode != "two":
        return None
    check_bounds(declared, call)
    if declared.request is not None:
        call.load()
    if not endpoint.demands(parts, call, values):
        return None
    return Response(202, parts.chassis.approvals.ask(declared, call, values))


def run_approved(parts: Parts[Any], call: Call, pending: Pending) -> Any:
    """Run the handler for the operator who asked; returns the JSON of its answer. Raises NotAllowedNow, and its errors."""
    endpoint = parts.endpoints.get(pending.operation)
    if endpoint is None:
        raise NotAllowedNow("This version of the service has no such operation.", slug="no-such-operation")
    asker = _asker(parts, pending)
    if asker is None or endpoint.operation.scope not in asker.rights:
        raise NotAllowedNow("The operator who asked may no longer do this.", slug="asker-not-allowed")
    again = Call(
        principal=replace(asker, grant=asker.rights[endpoint.operation.scope]),
        body=pending.body,
        content_type=pending.content_type,
        query=dict(pending.query),
        trace=call.trace,
        schema=endpoint.operation.request,
    )
    body = render(endpoint.run(parts, again, pending.values)).body
    return json.loads(body) if body else None


def _asker(parts: Parts[Any], pending: Pending) -> Principal | None:
    """Return who asked, with the rights of now: by the roles that a person had at the console, or by the operators file."""
    if pending.roles:
        return parts.chassis.staff.person(Staff(pending.asked_by, pending.roles, pending.hubs))
    known = parts.chassis.operators.get(pending.asked_by)
    return Principal("operator", pending.asked_by, known.rights, known.hubs) if known and known.enabled else None
