"""Requests that need the approval of a second operator, and the decisions."""

from __future__ import annotations

from typing import Any

from ngao.chassis.approvals.approvals import STATES
from ngao.chassis.approvals.asking import run_approved
from ngao.chassis.errors import InvalidInput
from ngao.chassis.handlers.context import Parts
from ngao.chassis.handlers.declaring import http
from ngao.chassis.http.answers import OBJECT, TEXT, TRUTH, answer
from ngao.chassis.http.auditing import itself, lists
from ngao.chassis.http.bounds import SeenBefore
from ngao.chassis.http.call import Call, Response
from ngao.chassis.http.reasons import Reasoned

_MOST = 200


_SHOWN: dict[str, Any] = {
    "id": TEXT, "operation": TEXT, "method": TEXT, "path": TEXT, "values": OBJECT, "state": TEXT, "asked_by": TEXT,
    "asked_at": TEXT, "expires_at": TEXT, "decided_by": TEXT, "decided_at": TEXT, "reason": TEXT, "result_waits": TRUTH,
}  # fmt: skip
ApprovalShown = answer(
    "ApprovalShown", "A request for an act of two. `result_waits`: the operator who asked can read its answer, once.", **_SHOWN
)
ApprovalAsked = answer("ApprovalAsked", "One request with the body that was asked for.", **_SHOWN, asked=TEXT)
ApprovalsShown = answer(
    "ApprovalsShown", "The newest first. In the mode `single` one operator does acts of two.", mode=TEXT, approvals=ApprovalShown
)


@http.get("/v1/approvals", roles="operator", scope="approvals:read", audit=lists("approvals"), returns=ApprovalsShown)
def list_approvals(parts: Parts[Any], *, state: str = "waiting") -> dict[str, Any]:
    """List the requests that need the approval of a second operator.

    Newest first; `?state=waiting|executed|rejected|failed|expired|all`, waiting by default.
    """
    if state not in (*STATES, "all"):
        raise InvalidInput(f"state must be one of: {', '.join(STATES)}, all.", slug="invalid-query", status=400)
    approvals = parts.chassis.approvals
    return {"mode": approvals.mode, "approvals": approvals.list(state, _MOST)}


@http.get(
    "/v1/approvals/<approval_id>", roles="operator", scope="approvals:read", audit=itself("approval.read"), returns=ApprovalAsked
)
def show_approval(parts: Parts[Any], approval_id: str, call: Call) -> dict[str, Any]:
    """Show one request, with what it asks for."""
    return parts.chassis.approvals.show(approval_id, by=call.principal.id)


@http.post(
    "/v1/approvals/<approval_id>/approve", roles="operator", scope="approvals:write",
    audit=itself("approval.executed", "approval.failed"), returns=ApprovalShown,
)  # fmt: skip
def approve(parts: Parts[Any], approval_id: str, call: Call) -> dict[str, Any]:
    """Approve what another operator asked for. It is carried out immediately, and once.

    The answer of the act is stored only for the operator who asked.
    """
    approvals = parts.chassis.approvals
    pending = approvals.pending(approval_id, by=call.principal.id)
    result = approvals.execute(pending, lambda: run_approved(parts, call, pending), by=call.principal.id)
    if result is not None:
        approvals.keep_result(approval_id, result)
    return approvals.public(approval_id)


@http.post(
    "/v1/approvals/<approval_id>/reject", roles="operator", scope="approvals:write", audit=itself("approval.rejected"),
    request=Reasoned, returns=ApprovalShown,
)  # fmt: skip
def reject(parts: Parts[Any], approval_id: str, body: dict[str, str], call: Call) -> dict[str, Any]:
    """Reject the request, so that it is not carried out."""
    return parts.chassis.approvals.reject(approval_id, by=call.principal.id, reason=body["reason"])


@http.post(
    "/v1/approvals/<approval_id>/result", roles="operator", scope="approvals:read", audit=itself("approval.result_taken"),
    returns=SeenBefore,
)  # fmt: skip
def take_result(parts: Parts[Any], approval_id: str, call: Call) -> Response:
    """Return the answer of the act: once, and only to the operator who asked.

    A new key is in here and nowhere else.
    """
    return Response(200, parts.chassis.approvals.take_result(approval_id, by=call.principal.id))
