"""What waits for a second operator, and the decisions."""

from __future__ import annotations

from typing import Any

from marshmallow import Schema, fields

from ngao.chassis.approvals.approvals import STATES
from ngao.chassis.approvals.asking import run_approved
from ngao.chassis.errors import InvalidInput
from ngao.chassis.http.auditing import itself, lists
from ngao.chassis.http.call import Answer, Call
from ngao.chassis.http.entrypoint import http
from ngao.chassis.http.reasons import Reasoned
from ngao.contracts import DataClass

_INTERNAL = {"class": DataClass.INTERNAL}
_MOST = 200


class Rejection(Reasoned):
    """Why it is not done; kept in the audit trail."""


class ApprovalShown(Schema):
    """A request for an act of two. `result_waits` means that whoever asked can take its answer, once."""

    id = fields.String(metadata=_INTERNAL)
    operation = fields.String(metadata=_INTERNAL)
    method = fields.String(metadata=_INTERNAL)
    path = fields.String(metadata=_INTERNAL)
    values = fields.Dict(metadata=_INTERNAL)
    state = fields.String(metadata=_INTERNAL)
    asked_by = fields.String(metadata=_INTERNAL)
    asked_at = fields.String(metadata=_INTERNAL)
    expires_at = fields.String(metadata=_INTERNAL)
    decided_by = fields.String(allow_none=True, metadata=_INTERNAL)
    decided_at = fields.String(allow_none=True, metadata=_INTERNAL)
    reason = fields.String(allow_none=True, metadata=_INTERNAL)
    result_waits = fields.Boolean(metadata=_INTERNAL)


class ApprovalAsked(ApprovalShown):
    """One request with the body that was asked for."""

    asked = fields.String(allow_none=True, metadata=_INTERNAL)


class ApprovalsShown(Schema):
    """Requests, the newest first; `mode` is `single` where one operator alone may do what is meant for two."""

    mode = fields.String(metadata=_INTERNAL)
    approvals = fields.List(fields.Nested(ApprovalShown), metadata=_INTERNAL)


class ApprovalEndpoints:
    """Mixed into every service class by way of `ChassisEndpoints`."""

    @http(
        "GET", "/v1/approvals", who="operator", needs="approvals:read", operation="listApprovals",
        audit=lists("approvals"), query=("state",), summary="What waits for a second operator.", responses={200: ApprovalsShown},
    )  # fmt: skip
    def list_approvals(self, call: Call) -> dict[str, Any]:
        """Newest first; `?state=waiting|executed|rejected|failed|expired|all`, waiting by default."""
        state = call.query.get("state", "waiting")
        if state not in (*STATES, "all"):
            raise InvalidInput(f"state must be one of: {', '.join(STATES)}, all.", slug="invalid-query", status=400)
        approvals = call.chassis.approvals
        return {"mode": approvals.mode, "approvals": approvals.list(state, _MOST)}

    @http(
        "GET", "/v1/approvals/<approval_id>", who="operator", needs="approvals:read", operation="showApproval",
        audit=itself("approval.read"), summary="One request, with what it asks for.", responses={200: ApprovalAsked},
    )  # fmt: skip
    def show_approval(self, call: Call, approval_id: str) -> dict[str, Any]:
        """That it was read is audited."""
        shown: dict[str, Any] = call.chassis.approvals.show(approval_id, by=call.principal.id)
        return shown

    @http(
        "POST", "/v1/approvals/<approval_id>/approve", who="operator", needs="approvals:write", operation="approve",
        audit=itself("approval.executed", "approval.failed"),
        summary="Approve what another operator asked for; it is done at once, and once.", responses={200: ApprovalShown},
    )  # fmt: skip
    def approve(self, call: Call, approval_id: str) -> dict[str, Any]:
        """What the act answers is kept for whoever asked, and for nobody else."""
        approvals = call.chassis.approvals
        pending = approvals.pending(approval_id, by=call.principal.id)
        result = approvals.execute(pending, lambda: run_approved(self, call, pending), by=call.principal.id)
        if result is not None:
            approvals.keep_result(approval_id, result)
        decided: dict[str, Any] = approvals.public(approval_id)
        return decided

    @http(
        "POST", "/v1/approvals/<approval_id>/reject", who="operator", needs="approvals:write", operation="reject",
        audit=itself("approval.rejected"),
        summary="Decide that it is not done.", request=Rejection, responses={200: ApprovalShown},
    )  # fmt: skip
    def reject(self, call: Call, approval_id: str) -> dict[str, Any]:
        """The reason is audited."""
        decided: dict[str, Any] = call.chassis.approvals.reject(
            approval_id, by=call.principal.id, reason=call.load()["reason"]
        )
        return decided

    @http(
        "POST", "/v1/approvals/<approval_id>/result", who="operator", needs="approvals:read", operation="takeResult",
        audit=itself("approval.result_taken"),
        summary="What the act answered: once, and only for whoever asked.", responses={200: None},
    )  # fmt: skip
    def take_result(self, call: Call, approval_id: str) -> Answer:
        """A new key is in here and nowhere else."""
        return Answer(200, call.chassis.approvals.take_result(approval_id, by=call.principal.id))
